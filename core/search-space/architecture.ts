// An architecture inside Sugarbush: choices, not text.

/** One choice index a decision, in the space's own order. Plain numbers, cheap to keep by the hundred thousand. */
export type Architecture = Uint8Array;
