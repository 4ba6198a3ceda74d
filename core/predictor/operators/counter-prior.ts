// Counters move the prior of a target's weights: where w of targets with a descriptor is known from their measurements,
// a ridge regression tells its mean from their counters, and a target of which nothing but a descriptor is known begins
// there instead of at 0. With x the counter features of a target, standardised, and k(x, y) = x·y / F,
//   mean(x) = Σ k(x, xᵢ) αᵢ,   α = (K + strength · I)⁻¹ W
// over the targets i learned from, W their weights. There is no intercept: the mean over these targets is 0. Features
// are means over groups of operators of ln(1 + count), or of ln(1 + count per ms of the operator's latency); what is
// missing stands at the mean of what is known, with a feature beside it that says so.
import * as z from 'zod';
import { counterNames } from '#core/descriptor/counters.ts';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { hasSettled } from '#core/descriptor/operator-networks.ts';
import type { CounterNormalisation } from '#core/descriptor/vector.ts';
import { cholesky, solveCholesky } from '#core/matrix/small-matrix.ts';
import { netCount } from '#core/predictor/hypotheses.ts';
import { numberList } from '#core/store/long-list.ts';

export const counterMapSchema = z.strictObject({
  normalisation: z.enum(['operator-latency', 'raw']),
  /** F features: a value, or whether there is one, with mean and deviation over the targets learned from. */
  columns: z.array(
    z.strictObject({
      feature: z.string(),
      what: z.enum(['value', 'presence']),
      mean: z.number(),
      deviation: z.number().positive(),
    }),
  ),
  /** Standardised features of the targets learned from [T][F]. */
  targets: z.array(numberList).min(1),
  /** α, [nets][T][P]. */
  alpha: z.array(z.array(numberList)),
});
export type CounterMap = z.infer<typeof counterMapSchema>;

/** A target with counters whose weights are known. */
export interface CountedTarget {
  /** What is left out together when the strength is chosen. */
  readonly runtime: string;
  readonly descriptor: Descriptor;
  /** Mean of w by its measurements, [nets][P]. */
  readonly weights: readonly Float64Array[];
}

const fewestCounted = 6;

/** Whether targets are enough to learn a map from: six or more, and not all of one runtime. */
export const areEnough = (targets: readonly Pick<CountedTarget, 'runtime'>[]): boolean =>
  targets.length >= fewestCounted && new Set(targets.map(({ runtime }) => runtime)).size > 1;

/** Strengths of the regression, the weakest first; beyond the last, no map. */
const strengths = [0.1, 0.3, 1, 3, 10, 30] as const;
const normalisations = ['operator-latency', 'raw'] as const;

/** The group of an operator in its list, and all. */
const groupsOf = (list: Descriptor['list'], key: string): string[] => [
  'all',
  key.split('/')[list === 'standard' ? 0 : 1]!,
];

/** By name, `nasbench201/avg_pool_3x3/page-faults`; what is counted by simulation has a name of its own. */
export function counterFeatures(descriptor: Descriptor, normalisation: CounterNormalisation): Map<string, number> {
  const values = new Map<string, number[]>();
  const { list, counters, operators } = descriptor;
  for (const [key, operator] of Object.entries(operators)) {
    if (!hasSettled(operator) || typeof operator.latency === 'string') continue;
    const per = normalisation === 'raw' ? 1 : operator.latency.medianMs;
    for (const counter of counterNames) {
      const count = operator.counters[counter];
      if (typeof count !== 'number') continue;
      const source = counters[counter]?.source;
      for (const group of groupsOf(list, key)) {
        const name = [list, group, counter, ...(source ? [source] : [])].join('/');
        values.set(name, [...(values.get(name) ?? []), Math.log1p(count / per)]);
      }
    }
  }
  return new Map(Array.from(values, ([name, own]) => [name, meanOf(own)]));
}

/** Whether it has a counter that a map can be learned from. */
export const hasCounters = (descriptor: Descriptor): boolean => counterFeatures(descriptor, 'raw').size > 0;

const meanOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Mean of the prior of w, [nets][P]; undefined where the target has none of the counters. */
export function counterPriorMeans(map: CounterMap, descriptor: Descriptor): Float64Array[] | undefined {
  const features = counterFeatures(descriptor, map.normalisation);
  if (!map.columns.some(({ feature }) => features.has(feature))) return undefined;
  const x = standardised(map.columns, features);
  const similar = map.targets.map((other) => kernel(x, other));
  return map.alpha.map((own) => {
    const mean = new Float64Array(own[0]!.length);
    own.forEach((weights, t) => {
      for (let p = 0; p < mean.length; p++) mean[p]! += similar[t]! * weights[p]!;
    });
    return mean;
  });
}

const kernel = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, value, f) => sum + value * y[f]!, 0) / x.length;

function standardised(columns: CounterMap['columns'], features: ReadonlyMap<string, number>): number[] {
  return columns.map(({ feature, what, mean, deviation }) => {
    const value = features.get(feature);
    if (what === 'presence') return ((value === undefined ? 0 : 1) - mean) / deviation;
    return value === undefined ? 0 : (value - mean) / deviation;
  });
}

export interface LearnedCounterMap {
  /** Undefined where no map predicts the weights of a runtime left out better than 0 does. */
  readonly map: CounterMap | undefined;
  /** Σ (w − mean)² of runtimes left out over Σ w², of the best; 1 is what no map has. */
  readonly leftOutError: number;
  readonly strength: number | null;
}

/** Normalisation and strength are those that tell the weights of runtimes left out best. */
export function learnCounterMap(targets: readonly CountedTarget[]): LearnedCounterMap {
  const none: LearnedCounterMap = { map: undefined, leftOutError: 1, strength: null };
  if (!areEnough(targets)) return none;
  const runtimes = [...new Set(targets.map(({ runtime }) => runtime))];
  const zero = squares(targets.map(({ weights }) => ({ weights, mean: undefined })));
  return normalisations
    .flatMap((normalisation) =>
      strengths.map((strength): LearnedCounterMap => {
        const predicted = runtimes.flatMap((runtime) => {
          const map = fit(
            targets.filter((each) => each.runtime !== runtime),
            normalisation,
            strength,
          );
          const out = targets.filter((each) => each.runtime === runtime);
          return out.map(({ weights, descriptor }) => ({ weights, mean: map && counterPriorMeans(map, descriptor) }));
        });
        const leftOutError = squares(predicted) / zero;
        return { map: fit(targets, normalisation, strength), leftOutError, strength };
      }),
    )
    .reduce((best, each) => (each.map && each.leftOutError < best.leftOutError ? each : best), none);
}

function squares(
  of: readonly { readonly weights: readonly Float64Array[]; readonly mean: readonly Float64Array[] | undefined }[],
): number {
  let sum = 0;
  for (const { weights, mean } of of) {
    weights.forEach((own, net) => {
      own.forEach((w, p) => {
        const told = mean === undefined ? 0 : mean[net]![p]!;
        sum += (w - told) ** 2;
      });
    });
  }
  return sum;
}

/** Undefined where no feature differs between the targets. */
function fit(
  targets: readonly CountedTarget[],
  normalisation: CounterNormalisation,
  strength: number,
): CounterMap | undefined {
  const features = targets.map(({ descriptor }) => counterFeatures(descriptor, normalisation));
  const names = [...new Set(features.flatMap((own) => [...own.keys()]))].sort();
  const columns = names.flatMap((feature) => {
    const there = features.flatMap((own) => own.get(feature) ?? []);
    const presence = features.map((own) => (own.has(feature) ? 1 : 0));
    return [
      { feature, what: 'value' as const, ...spreadOf(there) },
      { feature, what: 'presence' as const, ...spreadOf(presence) },
    ].filter(({ deviation }) => deviation > 1e-6);
  });
  if (columns.length === 0) return undefined;
  const rows = features.map((own) => standardised(columns, own));
  const T = rows.length;
  const gram = new Float64Array(T * T);
  rows.forEach((x, i) => {
    rows.forEach((y, j) => {
      gram[i * T + j] = kernel(x, y) + (i === j ? strength : 0);
    });
  });
  const lower = cholesky(gram, T);
  const alpha = Array.from({ length: netCount }, (_, net) => {
    const P = targets[0]!.weights[net]!.length;
    const byTarget = Array.from({ length: T }, () => new Array<number>(P));
    for (let p = 0; p < P; p++) {
      const own = solveCholesky(
        lower,
        T,
        Float64Array.from(targets, ({ weights }) => weights[net]![p]!),
      );
      own.forEach((value, t) => {
        byTarget[t]![p] = rounded(value);
      });
    }
    return byTarget;
  });
  return { normalisation, columns, targets: rows.map((row) => row.map(rounded)), alpha };
}

function spreadOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = meanOf(values);
  return { mean, deviation: Math.sqrt(meanOf(values.map((x) => (x - mean) ** 2))) };
}

const rounded = (value: number): number => Number(value.toPrecision(7));
