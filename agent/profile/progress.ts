// Progress for a person: what is done, what it gave, how long the rest takes. On a terminal one line that changes,
// elsewhere (a journal, a file) a line each.

export interface ProfileProgress {
  start(total: number): void;
  /** @param known it had been measured before: it says nothing about the time that the rest takes */
  step(what: string, result: string, known: boolean): void;
  /** It is still at it: for what takes minutes. */
  still(what: string, elapsedMs: number): void;
  stop(): void;
}

/** Progress as text: one line that is written over on a terminal, else a line now and then. */
export function textProgress(
  write: (text: string) => void,
  isTerminal: boolean,
  nowMs: () => number = () => performance.now(),
): ProfileProgress {
  let total = 0;
  let done = 0;
  let measured = 0;
  let startMs = 0;
  return {
    start(count) {
      total = count;
      done = 0;
      measured = 0;
      startMs = nowMs();
    },
    step(what, result, known) {
      done++;
      if (!known) measured++;
      const left = measured === 0 ? '' : `, ${duration(((nowMs() - startMs) / measured) * (total - done))} left`;
      const line = `[${done}/${total}${done === total ? '' : left}] ${what}: ${result.split('\n')[0]}`;
      write(isTerminal ? `\r\u001b[K${line.slice(0, 160)}` : `${line}\n`);
    },
    still(what, elapsedMs) {
      const line = `[${done + 1}/${total}] ${what}: at it for ${duration(elapsedMs)}`;
      write(isTerminal ? `\r\u001b[K${line.slice(0, 160)}` : `${line}\n`);
    },
    stop() {
      if (isTerminal && done > 0) write('\n');
    },
  };
}

/** `40 s`, `12 min`, `1 h 5 min` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
