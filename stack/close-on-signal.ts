// Ends the stack on Ctrl-C and on a plain kill; a second signal ends the process at once.

/** @param close resolves when everything is stopped; then the process exits with 0, or 1 when closing failed. */
export function closeOnSignal(close: () => Promise<void>, say: (message: string) => void): void {
  let closing = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (closing) process.exit(130);
    closing = true;
    say(`${signal === 'SIGINT' ? '\n' : ''}stopping …`);
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}
