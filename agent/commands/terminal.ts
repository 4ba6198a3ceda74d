// Where a command writes to, and what may stop it.

export interface Terminal {
  /** Results: standard output. */
  out(text: string): void;
  /** Progress and messages: standard error. */
  say(text: string): void;
  readonly isTerminal: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}
