// How every command ends: documented in docs/commands.md, so that scripts can rely on it. The agent has more codes of
// its own (agent/exit-codes.ts), with these three among them.

export const exitCodes = {
  /** What was asked for is done. */
  done: 0,
  /** It could not be done, or not wholly; standard error says why. */
  failed: 1,
  /** The command line is wrong; nothing was begun. */
  usage: 2,
} as const;
