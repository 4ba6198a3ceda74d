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

/** npm passes a Ctrl-C on that the process has had from the terminal already: within this time two are one. */
const sameSignalMs = 500;

/** The terminal of this process. The first look at `signal` takes SIGINT and SIGTERM over; after the first of them
 * another one ends the process at once, with 130. */
export function processTerminal(): Terminal {
  let stop: AbortController | undefined;
  return {
    out: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    env: process.env,
    get signal() {
      stop ??= stopOnSignal();
      return stop.signal;
    },
  };
}

function stopOnSignal(): AbortController {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const receive = (): void => {
    firstMs ??= performance.now();
    if (performance.now() - firstMs > sameSignalMs) process.exit(130);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, receive);
  return controller;
}
