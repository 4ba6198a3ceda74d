// Median and spread of repeated timings. Pure.
import { quantile } from '#core/statistics/quantile.ts';

export interface Timing {
  readonly samples: number;
  readonly medianMs: number;
  /** Half the distance between the quartiles. */
  readonly spreadMs: number;
}

/** Quantile of timings in any order, at least one. */
export const quantileOf = (values: readonly number[], share: number): number =>
  quantile(Float64Array.from(values).sort(), share);

/** Median and half the interquartile range of at least one timing, all in ms. */
export const timingOf = (ms: readonly number[]): Timing => ({
  samples: ms.length,
  medianMs: quantileOf(ms, 0.5),
  spreadMs: (quantileOf(ms, 0.75) - quantileOf(ms, 0.25)) / 2,
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
