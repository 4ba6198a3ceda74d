// The units in which tables of others state latencies, and how their headers and cells write them.

export const latencyUnits = ['ms', 'us', 's', 'fps', 'ns'] as const;
export type LatencyUnit = (typeof latencyUnits)[number];

const spellings: Readonly<Record<string, LatencyUnit>> = {
  ...Object.fromEntries(['ms', 'msec', 'msecs', 'millis', 'millisecond', 'milliseconds'].map((word) => [word, 'ms'])),
  ...Object.fromEntries(['us', 'μs', 'usec', 'usecs', 'microsecond', 'microseconds'].map((word) => [word, 'us'])),
  ...Object.fromEntries(['ns', 'nsec', 'nanosecond', 'nanoseconds'].map((word) => [word, 'ns'])),
  ...Object.fromEntries(['s', 'sec', 'secs', 'second', 'seconds'].map((word) => [word, 's'])),
  ...Object.fromEntries(['fps', 'img/s', 'images/s', 'frames/s', 'inferences/s', 'qps'].map((word) => [word, 'fps'])),
};

/** The unit that a word means, whatever its case; undefined for any other word. */
export function unitOf(word: string): LatencyUnit | undefined {
  const plain = word.trim().normalize('NFKC').toLowerCase();
  return Object.hasOwn(spellings, plain) ? spellings[plain] : undefined;
}

/**
 * A latency in ms.
 * @param batchSize images per inference: frames per second count each of them
 */
export function toMs(value: number, unit: LatencyUnit, batchSize: number): number {
  if (unit === 'fps') return (1000 * batchSize) / value;
  if (unit === 's') return value * 1000;
  // Dividing keeps the digits that were written: 8215 µs are 8.215 ms.
  return unit === 'ms' ? value : value / (unit === 'us' ? 1e3 : 1e6);
}

export interface HeaderUnit {
  readonly unit: LatencyUnit;
  /** The header without it. */
  readonly name: string;
  /** It may be a part of the name as well: a short word without brackets, such as `galaxy_s` and `lab_us`. */
  readonly isDoubtful: boolean;
}

/** The unit at the end of a column's name: `board (us)`, `board [s]`, `board_ms`, `board/fps`; undefined: none. */
export function headerUnit(header: string): HeaderUnit | undefined {
  const [, before, bracketed] = /^(.*?)[\s_-]*[([{]\s*(?:in\s+)?([^\s()[\]{}]+)\s*[)\]}]$/u.exec(header) ?? [];
  const certain = bracketed === undefined ? undefined : unitOf(bracketed);
  if (certain !== undefined && before!.trim() !== '') return { unit: certain, name: before!.trim(), isDoubtful: false };
  const [, name, word] =
    /^(.*?)(?:[_\s,:-]+in)?[_\s,:/-]+((?:(?:img|images|frames|inferences)\/)?\p{L}+)$/u.exec(header) ?? [];
  if (word === undefined || name!.trim() === '') return undefined;
  const unit = unitOf(word);
  if (unit === undefined || word === 'S') return undefined;
  return { unit, name: name!.trim(), isDoubtful: /^(s|us|ns|sec)$/i.test(word) };
}
