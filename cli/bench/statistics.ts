// Median and spread of repeated timings. Pure.

export interface Timing {
  readonly samples: number;
  readonly medianMs: number;
  /** Half the distance between the quartiles. */
  readonly spreadMs: number;
}

/** Linear interpolation between order statistics (Hyndman and Fan 1996, type 7). @throws RangeError for none. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = values.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

export const timingOf = (ms: readonly number[]): Timing => ({
  samples: ms.length,
  medianMs: quantile(ms, 0.5),
  spreadMs: (quantile(ms, 0.75) - quantile(ms, 0.25)) / 2,
});

/** Runs the candidates in turn, so that what else the machine does meets them all; the first round is a warm-up. */
export async function interleaved<Name extends string>(
  rounds: number,
  candidates: Readonly<Record<Name, () => unknown>>,
): Promise<Record<Name, Timing>> {
  const names = Object.keys(candidates) as Name[];
  const ms = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const started = process.hrtime.bigint();
      await candidates[name]();
      if (round > 0) ms[name].push(Number(process.hrtime.bigint() - started) / 1e6);
    }
  }
  return Object.fromEntries(names.map((name) => [name, timingOf(ms[name])])) as Record<Name, Timing>;
}
