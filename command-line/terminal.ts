// Where a command writes to, what it reads of its surroundings and what may stop it.

export interface Terminal {
  /** Results: standard output. */
  out(text: string): void;
  /** Progress and messages: standard error. */
  say(text: string): void;
  /** Whether standard error is shown to a person. */
  readonly isTerminal: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C and by a plain kill. A command that never looks at it is ended by them at once. */
  readonly signal: AbortSignal;
}

/** The terminal of this process. The first look at `signal` takes SIGINT and SIGTERM over; a second one ends the process. */
export function processTerminal(): Terminal {
  let stop: AbortController | undefined;
  return {
    out: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    env: process.env,
    get signal() {
      if (stop === undefined) {
        const controller = new AbortController();
        stop = controller;
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
      }
      return stop.signal;
    },
  };
}
