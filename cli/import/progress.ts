// One line that says how far an import, or another job, is and how long it still takes: rewritten on a terminal,
// repeated elsewhere.

export interface ImportProgress {
  update(done: number, total: number): void;
  stop(): void;
}

/** What is done, and to what. */
const importWords: readonly [string, string] = ['import', 'targets'];

/** @param now ms; `everyMs`: between two lines where there is no terminal */
export function importProgress(
  stream: { readonly isTTY?: boolean; write(text: string): unknown },
  now: () => number,
  everyMs = 5000,
  words = importWords,
): ImportProgress {
  const startedMs = now();
  let lastMs = Number.NEGATIVE_INFINITY;
  let open = false;
  return {
    update(done, total) {
      const line = progressLine(done, total, (now() - startedMs) / 1000, words);
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${line}`);
        open = true;
      } else if (done === total || now() - lastMs >= everyMs) {
        stream.write(`${line}\n`);
        lastMs = now();
      }
    },
    stop() {
      if (open) stream.write('\n');
    },
  };
}

/** `import [######------] 12 of 24 targets, 31 s left`. */
export function progressLine(done: number, total: number, elapsedS: number, words = importWords): string {
  const width = 24;
  const filled = Math.round((width * done) / Math.max(total, 1));
  const bar = `${'#'.repeat(filled)}${'-'.repeat(width - filled)}`;
  const left = done === 0 ? 'estimating' : `${Math.ceil((elapsedS / done) * (total - done))} s left`;
  return `${words[0]} [${bar}] ${done} of ${total} ${words[1]}, ${done === total ? `${Math.round(elapsedS)} s` : left}`;
}
