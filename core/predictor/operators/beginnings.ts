// What an adaptation tries: each head with the prior of its weights at each reach, and where operators were measured
// and hardly any network, around the targets that the predictor has learned from, too.
import { defaultReaches, type Head, type Reach } from '#core/predictor/hypotheses.ts';
import type { Centre } from '#core/predictor/predictor-parameters.ts';

/** With fewer measurements than this many, operators measured alone find the target among those that were learned from:
 * each is a centre of the prior of w, and they have this share of its mass where all lowerings are as likely. From
 * there on its own measurements tell more, and without operators too little tells which known target it is like
 * (docs/predictor.md). */
export const isFewMeasured = (measurements: number): boolean => measurements < 5;
const centreShare = 0.5;

/** A head with a mean and a deviation of its weights' prior. */
export interface Beginning {
  /** Index of the head. */
  readonly h: number;
  /** undefined: 0. */
  readonly mean: Float64Array | undefined;
  /** Whether what is linear is only looked at to see whether prices that are positive are worth trying: a mean far from
   * 0 is the weights of such prices. */
  readonly isTangent: boolean;
  /** Deviation of the prior. */
  readonly reach: number;
  /** ln of how likely it is beforehand among those of all heads, relative to a head that has one alone. */
  readonly lnShare: number;
}

/** Each head with the prior's own mean and each reach, and where there are centres with the weights of those of the
 * head. */
export function beginnings(
  wanted: readonly number[],
  priorMeans: readonly Float64Array[] | undefined,
  heads: readonly Head[],
  centres: readonly Centre[],
  reaches: readonly Reach[] = defaultReaches,
): Beginning[] {
  const known = centres.filter(({ head }) => wanted.includes(head));
  const alone = wanted.flatMap((h) => {
    const mean = priorMeans?.[heads[h]!.net];
    return reaches.map(({ reach, share }) => ({ h, mean, isTangent: false, reach, lnShare: Math.log(share) }));
  });
  if (known.length === 0) return alone;
  const lnShare = Math.log((centreShare * wanted.length) / known.length);
  return [
    ...alone.map((own) => ({ ...own, lnShare: own.lnShare + Math.log(1 - centreShare) })),
    ...known.map(({ head, weights }) => {
      return { h: head, mean: Float64Array.from(weights), isTangent: true, reach: 1, lnShare };
    }),
  ];
}
