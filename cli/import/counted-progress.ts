// One line that says how far an import, or another job, is and how long it still takes: rewritten on a terminal,
// repeated elsewhere.
import { leftInWords, type WorkClock, workClock } from '#core/statistics/time-left.ts';

export interface CountedProgress {
  update(done: number, total: number): void;
  stop(): void;
}

export interface CountedWork {
  /** What is done, and to what. */
  readonly words: readonly [work: string, units: string];
  /** How many are under way at once. */
  readonly atOnce?: number;
}

/** @param everyMs between two lines where there is no terminal */
export function countedProgress(
  stream: { readonly isTTY?: boolean; write(text: string): unknown },
  nowMs: () => number,
  { words, atOnce = 0 }: CountedWork,
  everyMs = 5000,
): CountedProgress {
  const startedMs = nowMs();
  let clock: WorkClock | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  let open = false;
  return {
    update(done, total) {
      clock ??= workClock([{ kind: words[0], units: total, atOnce }], () => nowMs() / 1000);
      clock.report(0, done / Math.max(total, 1));
      const tookS = Math.round((nowMs() - startedMs) / 1000);
      const line = progressLine(done, total, words, done === total ? `${tookS} s` : leftInWords(clock.leftS()));
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${line}`);
        open = true;
      } else if (done === total || nowMs() - lastMs >= everyMs) {
        stream.write(`${line}\n`);
        lastMs = nowMs();
      }
    },
    stop() {
      if (open) stream.write('\n');
    },
  };
}

/** `import [######------] 12 of 24 targets, 31 s left`. */
function progressLine(done: number, total: number, [work, units]: CountedWork['words'], time: string): string {
  const width = 24;
  const filled = Math.round((width * done) / Math.max(total, 1));
  return `${work} [${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${done} of ${total} ${units}, ${time}`;
}
