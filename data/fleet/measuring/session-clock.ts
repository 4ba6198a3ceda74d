// Whether a part of a session still fits before its end, from how long the parts before it took. Pure.

export interface Timed {
  readonly count: number;
  readonly tookMs: number;
}

/** What a run of the agent takes before it measures anything, ms: a guess until one was seen. */
const startMs = 3000;
const guessMs = 1500;

/** How long a part of so many things takes, ms: as long a thing as in the slowest part so far, with a tenth to spare. */
export function expectedMs(count: number, done: readonly Timed[]): number {
  const each = done.map((part) => Math.max(0, part.tookMs - startMs) / part.count);
  return startMs + 1.1 * count * (done.length === 0 ? guessMs : Math.max(...each));
}
