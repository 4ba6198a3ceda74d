// Progress for a person: what is done, what it gave, how long the rest takes. On a terminal one line that changes,
// elsewhere (a journal, a file) a line each.
import { timeLeftS } from '#core/statistics/time-left.ts';

export interface ProfileProgress {
  /** How many are measured, operators first. */
  start(operators: number, networks: number): void;
  /** @param known it had been measured before: it says nothing about the time that the rest takes */
  step(what: string, result: string, known: boolean): void;
  /** It is still at it: for what takes minutes. */
  still(what: string, elapsedMs: number): void;
  stop(): void;
}

/** A network that does not settle is measured once more, an operator is not. */
const networkUnits = 1.5;

/** One of the kinds that are measured one after the other. */
interface Kind {
  readonly count: number;
  /** What one takes beside the others. */
  readonly each: number;
  measured: number;
  known: number;
  spentMs: number;
}

/** Progress as text: one line that is written over on a terminal, else a line now and then. */
export function textProgress(
  write: (text: string) => void,
  isTerminal: boolean,
  nowMs: () => number = () => performance.now(),
): ProfileProgress {
  let kinds: Kind[] = [];
  let total = 0;
  let done = 0;
  let lastMs = 0;
  return {
    start(operators, networks) {
      const none = { measured: 0, known: 0, spentMs: 0 };
      kinds = [
        { count: operators, each: 1, ...none },
        { count: networks, each: networkUnits, ...none },
      ];
      total = operators + networks;
      done = 0;
      lastMs = nowMs();
    },
    step(what, result, known) {
      done++;
      const kind = kinds.find(({ count, measured, known }) => measured + known < count)!;
      kind[known ? 'known' : 'measured']++;
      if (!known) kind.spentMs += nowMs() - lastMs;
      lastMs = nowMs();
      const left = done === total ? '' : `, ${inWords(leftS(kinds))}`;
      const line = `[${done}/${total}${left}] ${what}: ${result.split('\n')[0]}`;
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

function leftS(kinds: readonly Kind[]): number | undefined {
  const toDo = kinds.filter(({ count, known }) => count > known);
  const parts = toDo.map(({ count, known, each }, i) => ({ kind: `${i}`, units: each * (count - known) }));
  const progress = toDo.map(({ count, known, measured, spentMs }, i) => {
    const share = measured / (count - known);
    return [i, { before: 0, done: share, spentS: spentMs / 1000 }] as const;
  });
  return timeLeftS(parts, new Map(progress));
}

const inWords = (seconds: number | undefined): string =>
  seconds === undefined ? 'time left unknown' : `${duration(1000 * seconds)} left`;

/** `40 s`, `12 min`, `1 h 5 min` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
