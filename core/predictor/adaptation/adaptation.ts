// Adaptation: the closed-form posterior of one target from its measurements under one predictor. For each head that the
// measurements leave standing it is one Gaussian over prices: with θ = (1, w) in units of the scale,
//   latency(a) = scale · m(a) · (θ₀ + φ(a)·w) · (1 + noise) = scale · Σ c(x) μ(x) (θ₀ + ψ(x)·w) · (1 + noise)
// is linear in θ, so that every kernel x has a price in ms, and its uncertainty. Each head is also tried with prices
// that are positive whatever w is, latency(a) = scale · Σ c(x) μ(x) p(ψ(x)·w) · (1 + noise), and evidence decides
// (positive-posterior.ts). A head's noise levels and reaches, each with its posterior (posterior.ts), are merged into
// their common mean and covariance. Plain JSON, tens of kilobytes, and up to some hundreds while known targets stand
// beside each other: of w only the coordinates that the measured networks touch are stated; the others keep their
// prior, so that a kernel of a class never measured widens an interval.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { type LoweringId, loweringIds } from '#core/graph/lowerings.ts';
import { cholesky } from '#core/matrix/small-matrix.ts';
import { featureDimension, type Head, headsOf, type Reach } from '#core/predictor/hypotheses.ts';
import { type GroupModel, groupRows, rowsWithGroups, sumsWithGroups } from '#core/predictor/kernel-times/group-rows.ts';
import { type NetworkLaunches, type RepricedSums, repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import { type Beginning, beginnings, isFewMeasured } from '#core/predictor/operators/beginnings.ts';
import { joinedForwards, type OperatorRows, rowsAlone, sumsAlone } from '#core/predictor/operators/operator-rows.ts';
import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { allowedLatency, isLatencyMs } from '#core/statistics/latency-range.ts';
import { numberList } from '#core/store/long-list.ts';
import { positivePosterior, stepsFromAfar, stepsFromNear } from './positive-posterior.ts';
import {
  defaultOutlierShare,
  grossOutliers,
  oddsOf,
  outlierVariance,
  type Posterior,
  posteriorOf,
  rowVariance,
  type SupportSystem,
  supportSystem,
} from './posterior.ts';
import { reached, repricedRows, sumsAround, tangentAt } from './prior-mean.ts';
import { selfCheckSchema } from './self-check.ts';

const headSchema = z.strictObject({
  lowering: z.enum(loweringIds),
  net: z.literal([0, 1]),
  /** How prices depend on w: 1 + ψ·w, or as repriced-sums.ts has it. */
  form: z.enum(['linear', 'positive', 'exponential']).default('linear'),
  /** Posterior probability; those of all heads sum to 1. */
  weight: z.number().positive(),
  lnScale: z.number(),
  /** Which of φ's coordinates the measured networks touch [r], ascending. */
  coordinates: z.array(z.int().nonnegative()),
  /** Mean of w in these [r]; 0 in the others. */
  weights: numberList,
  /** Rows of the lower Cholesky factor of the covariance of (θ₀, w in these) [(r + 1)(r + 2) / 2]. */
  factor: numberList,
  /** Variance of w in each of the other coordinates, independent of all else. */
  priorVariance: z.number().nonnegative(),
  /** Mean of w in the other coordinates [P], 0 in those that are stated; left out: 0 in all. */
  priorMean: numberList.exactOptional(),
  /** Variance of the relative noise. */
  noiseVariance: z.number().nonnegative(),
});

export const adaptationSchema = z.strictObject({
  predictorHash: z.string(),
  /** How many measurements it was made from. */
  measurements: z.int().nonnegative(),
  /** How many operators of the target's descriptor beside these; left out: none. */
  operators: z.int().positive().exactOptional(),
  /** Factor on the standard deviations of predictions: see calibrate.ts. */
  intervalScale: z.number().positive(),
  heads: z.array(headSchema).min(1),
  /** Indices of measurements that are more likely outliers than not: they hardly count. */
  outliers: z.array(z.int().nonnegative()),
  /** What the target's measurements say about themselves (check-measurements.ts); absent where nobody looked. */
  selfCheck: selfCheckSchema.optional(),
  /** How many profiles the target's data were joined from; adaptations replace each other in this order only. */
  dataRevision: z.int().positive().optional(),
  /** Median of |ln(measured / predicted)| that the posterior expects of typical networks. */
  expectedError: z.number().nonnegative().optional(),
});
export type Adaptation = z.infer<typeof adaptationSchema>;
export type AdaptedHead = Adaptation['heads'][number];

export interface AdaptOptions {
  readonly outlierShare?: number;
  /** ln of how likely each lowering is beforehand, in the predictor's order; equal where the runtime is not known. */
  readonly lnLoweringPriors?: readonly number[];
  /** Heads to look at, by their index; all where it is not given. */
  readonly heads?: readonly number[];
  /** An adaptation to nearly the same measurements: its heads with positive prices, and no others, are tried in this
   * form. */
  readonly near?: Adaptation;
  /** What the target's descriptor says. */
  readonly operators?: OperatorRows | undefined;
  /** How shares of kernels are taken that the networks have; left out: as assumed. */
  readonly groups?: GroupModel;
  /** How far prices may be from the middle; left out: as hypotheses.ts has it. */
  readonly reaches?: readonly Reach[];
  /** Mean of the prior of w under each price network [nets][P]; left out: 0. */
  readonly priorMeans?: readonly Float64Array[] | undefined;
  /** How many networks the target has measured, where some are left out to see how they are predicted; left out: those
   * given. */
  readonly measured?: number;
}

/** A head whose evidence is further from the best, outliers not yet looked for, is not looked at again. */
const farFromBest = 100;

/** A head whose prices, linear, explain the measurements so much worse than another's is not tried with positive
 * ones. */
const farFromLinear = 30;

/** Heads below this posterior probability are dropped: they cannot move a prediction noticeably. */
const leastWeight = 0.01;

/** @param networks ln m and φ of the measured ones under every head (network-sums.ts)
 * @param networksMs [networks.count]
 * @throws DomainError `too-few-measurements` without any and without operators; `invalid-request` for what is no
 * latency (latency-range.ts) */
export function adaptTarget(
  parameters: HeadParameters,
  predictorHash: string,
  networks: Forward,
  networksMs: Float64Array,
  options: AdaptOptions = {},
): Adaptation {
  const { outlierShare = defaultOutlierShare, lnLoweringPriors, operators, priorMeans } = options;
  const groups = groupRows(parameters, networks, networksMs, options.groups);
  const { forward, latencyMs } = joinedRows([{ forward: networks, latencyMs: networksMs }, groups, operators]);
  if (latencyMs.length === 0) throw new DomainError('too-few-measurements', 'adaptation needs at least 1 measurement');
  const lnLatency = latencyMs.map((value, i) => {
    if (isLatencyMs(value)) return Math.log(value);
    throw new DomainError('invalid-request', `latency ${value} ms of measurement ${i} is none; ${allowedLatency}`);
  });
  const heads = headsOf(parameters.lowerings);
  const P = forward.phi.length / forward.lnMean.length;
  const scoreOf = (h: number, level: number, lnEvidence: number): number =>
    lnEvidence + parameters.logPriors[h]![level]! + (lnLoweringPriors?.[h % parameters.lowerings.length] ?? 0);
  const wanted = [...new Set(options.heads ?? heads.keys())];
  const known = operators && isFewMeasured(options.measured ?? networks.count) ? (parameters.centres ?? []) : [];
  const begun = beginnings(wanted, priorMeans, heads, known, options.reaches);
  const sumsOf = (h: number, launches: readonly NetworkLaunches[]): RepricedSums =>
    repricedSums(launches, heads[h]!.net, parameters.lowerings.indexOf(heads[h]!.lowering));
  const systems = begun.map((beginning) => {
    const { h, mean, isTangent, reach } = beginning;
    const own = headRows(forward, h);
    const moved = isTangent && forward.launches ? tangentAt(sumsOf(h, forward.launches), mean!) : undefined;
    const plain = { ...reached(moved ?? (mean ? repricedRows(own, mean) : own), reach), lnLatency };
    const rows = groups ? rowsWithGroups(plain, groups, networks.count) : plain;
    return { ...beginning, system: supportSystem(operators ? rowsAlone(rows, operators, heads[h]!.net) : rows) };
  });
  const near = latencyMs.length < manyMeasurements ? systems : nearBest(parameters.noiseLevels, systems);
  const linear = near.map(({ system, ...own }): Hypotheses & Beginning & { readonly system: SupportSystem } => {
    const { h, mean, reach, lnShare } = own;
    const { phi, inMeasurements } = system;
    const levels = parameters.noiseLevels.map((sigma, l) => {
      const posterior = posteriorOf(sigma, system, outlierShare);
      const score = scoreOf(h, l, posterior.lnEvidence) + lnShare;
      return { l, sigma, phi, mean, reach, posterior, score, weight: 0 };
    });
    return { ...own, form: 'linear', inMeasurements, levels, system };
  });
  const bestLinear = Math.max(...linear.flatMap(({ levels }) => levels.map(({ score }) => score)));
  const positive = linear.flatMap(({ h, mean, reach, lnShare, inMeasurements, levels, system }): Hypotheses[] => {
    const head = heads[h]!;
    const known = options.near?.heads.find((each) => each.form === 'positive' && isSameHead(each, head));
    if (forward.launches === undefined || (options.near !== undefined && known === undefined)) return [];
    if (Math.max(...levels.map(({ score }) => score)) < bestLinear - farFromLinear) return [];
    const plain = sumsOf(h, forward.launches);
    const around = sumsAround(plain, mean, reach);
    const divided = groups ? sumsWithGroups(around, groups, networks.count, P) : around;
    const sums = operators ? sumsAlone(divided, operators, head.net) : divided;
    const own = positiveLevels(sums, known, system, levels, outlierShare).map((level) => ({
      ...level,
      score: scoreOf(h, level.l, level.posterior.lnEvidence) + lnShare,
      weight: 0,
    }));
    return [{ h, mean, form: 'positive', inMeasurements, levels: own }];
  });
  const standing = joinedReaches([
    ...linear.filter(({ isTangent }) => !isTangent || forward.launches === undefined),
    ...positive,
  ]);
  const all = standing.flatMap((s) => s.levels);
  const best = Math.max(...all.map((level) => level.score));
  const total = all.reduce((sum, { score }) => sum + Math.exp(score - best), 0);
  for (const level of all) level.weight = Math.exp(level.score - best) / total;
  const weightOf = (levels: readonly { weight: number }[]): number => levels.reduce((sum, l) => sum + l.weight, 0);
  const kept = likeliest(
    standing.filter(({ levels }) => weightOf(levels) >= leastWeight),
    ({ levels }) => weightOf(levels),
    2 * heads.length,
  );
  const keptWeight = kept.reduce((sum, { levels }) => sum + weightOf(levels), 0);
  return {
    predictorHash,
    measurements: networks.count,
    ...(operators && { operators: operators.latencyMs.length }),
    intervalScale: 1,
    heads: kept.map((own) => ({
      ...heads[own.h]!,
      form: own.form,
      weight: weightOf(own.levels) / keptWeight,
      ...merged(own, latencyMs.length, P),
    })),
    outliers: Array.from(networksMs.keys()).filter(
      (i) => all.reduce((sum, l) => sum + (l.posterior.outliers.includes(i) ? l.weight : 0), 0) > 0.5,
    ),
  };
}

/** Hypotheses that differ in nothing but their reach as one. */
function joinedReaches(hypotheses: readonly Hypotheses[]): Hypotheses[] {
  const joined: (Hypotheses & { readonly levels: Level[] })[] = [];
  for (const own of hypotheses) {
    const same = joined.find(({ h, form, mean }) => h === own.h && form === own.form && mean === own.mean);
    if (same) same.levels.push(...own.levels);
    else joined.push({ ...own, levels: [...own.levels] });
  }
  return joined;
}

/** As many of them as `most`, in their order. */
function likeliest<T>(items: readonly T[], weightOf: (item: T) => number, most: number): T[] {
  if (items.length <= most) return [...items];
  const kept = new Set(items.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, most));
  return items.filter((item) => kept.has(item));
}

interface MeasuredRows {
  readonly forward: Forward;
  /** [forward.count]. */
  readonly latencyMs: Float64Array;
}

/** Rows of several kinds, one behind the other. */
const joinedRows = ([first, ...others]: readonly [MeasuredRows, ...(MeasuredRows | undefined)[]]): MeasuredRows =>
  others.reduce<MeasuredRows>(
    (all, own) =>
      own === undefined
        ? all
        : {
            forward: joinedForwards(all.forward, own.forward),
            latencyMs: Float64Array.of(...all.latencyMs, ...own.latencyMs),
          },
    first,
  );

/** With fewer, looking at every head is cheap. */
export const manyMeasurements = 20;

/** Outliers are dear to look for. A head that no noise level, taking every measurement at its word, brings near the
 * best will not win by them: the largest noise level stands for outliers already. */
function nearBest<S extends { readonly system: SupportSystem }>(
  noiseLevels: readonly number[],
  systems: readonly S[],
): S[] {
  const evidence = systems.map(({ system }) =>
    Math.max(...noiseLevels.map((sigma) => posteriorOf(sigma, system, 0, 'even').lnEvidence)),
  );
  const best = Math.max(...evidence);
  return systems.filter((_, i) => evidence[i]! > best - farFromBest);
}

/** Indices of the adaptation's heads among those of a predictor over `lowerings`. */
export function standingHeads({ heads }: Adaptation, lowerings: readonly LoweringId[]): number[] {
  const all = headsOf(lowerings);
  return heads.map((own) => all.findIndex((head) => isSameHead(own, head)));
}

const isSameHead = (a: Head, b: Head): boolean => a.lowering === b.lowering && a.net === b.net;

/** w of a head in all features [P]. */
export function allWeights({ coordinates, weights, priorMean }: AdaptedHead): Float64Array {
  const all = priorMean ? Float64Array.from(priorMean) : new Float64Array(featureDimension);
  coordinates.forEach((p, c) => {
    all[p] = weights[c]!;
  });
  return all;
}

/** What a forward pass says of n networks under one head. */
export interface HeadRows {
  /** [n]. */
  readonly lnMean: Float64Array;
  /** [n × P]. */
  readonly phi: Float64Array;
}

/** ln m and φ of a forward pass under one of its heads.
 * @param column where the head stands among those of the pass */
export function headRows({ count, lnMean, phi }: Forward, column: number): HeadRows {
  const columns = lnMean.length / count;
  const P = phi.length / lnMean.length;
  const own = new Float64Array(count * P);
  for (let i = 0; i < count; i++) {
    const start = (i * columns + column) * P;
    own.set(phi.subarray(start, start + P), i * P);
  }
  return { lnMean: Float64Array.from({ length: count }, (_, i) => lnMean[i * columns + column]!), phi: own };
}

interface Level {
  /** Index of the noise level. */
  readonly l: number;
  readonly sigma: number;
  readonly posterior: Posterior;
  /** φ of the measured networks [k × P]. */
  readonly phi: Float64Array;
  /** Mean of the prior of w [P], what was solved for is w less it; undefined: 0. */
  readonly mean: Float64Array | undefined;
  /** Deviation of that prior: what was solved for is in units of it. */
  readonly reach: number;
  /** ln of prior times evidence. */
  readonly score: number;
  weight: number;
}

/** The noise levels and reaches of a head whose prices have one form, under one mean of its prior. */
interface Hypotheses {
  /** Index of the head. */
  readonly h: number;
  readonly mean: Float64Array | undefined;
  readonly form: AdaptedHead['form'];
  readonly inMeasurements: boolean;
  readonly levels: readonly Level[];
}

/** From the largest noise level down, as long as evidence does not fall: smaller ones explain less still. Each begins
 * where the one before ended, and takes for outliers what the linear form does at its level, or only those that are
 * grossly off, whichever is likelier: what linear prices cannot explain is no outlier for that.
 * @param known the same head of an adaptation to nearly the same measurements: where to begin */
function positiveLevels(
  sums: RepricedSums,
  known: AdaptedHead | undefined,
  system: SupportSystem,
  linear: readonly Level[],
  outlierShare: number,
): Omit<Level, 'score' | 'weight'>[] {
  const { lnMean, lnLatency, phi } = system;
  const lnOdds = Math.log(outlierShare / (1 - outlierShare));
  const asOutlier = outlierVariance(lnLatency.map((ln, i) => ln - lnMean[i]!));
  const gross = outlierShare > 0 ? grossOutliers(lnLatency.map((ln, i) => ln - lnMean[i]!)) : [];
  const levels: Omit<Level, 'score' | 'weight'>[] = [];
  let start: Float64Array = new Float64Array(phi.length / lnMean.length);
  const { mean, reach } = linear[0]!;
  if (known) start.set(allWeights(known).map((w, p) => (w - (mean?.[p] ?? 0)) / reach));
  let best = Number.NEGATIVE_INFINITY;
  const noise = Math.sqrt(known?.noiseVariance ?? Number.POSITIVE_INFINITY);
  const above = linear.findIndex(({ sigma }) => sigma > noise);
  const largest = above < 0 ? linear.length - 1 : above;
  for (let l = largest; l >= 0; l--) {
    const { sigma, posterior } = linear[l]!;
    const without = (outliers: readonly number[]) => {
      const variance = lnLatency.map((_, i) => (outliers.includes(i) ? asOutlier(i) : rowVariance(system, sigma, i)));
      const found = positivePosterior(sums, lnLatency, variance, start, known ? stepsFromNear : stepsFromAfar);
      return { ...found, outliers, lnEvidence: found.posterior.lnEvidence + oddsOf(outliers.length, lnOdds) };
    };
    const asLinear = without(posterior.outliers);
    const { lnEvidence, outliers, ...own } =
      posterior.outliers.length > gross.length ? likelier(asLinear, without(gross)) : asLinear;
    start = own.weights;
    if (lnEvidence < best - hopeless) break;
    best = Math.max(best, lnEvidence);
    levels.push({ l, sigma, phi: own.phi, mean, reach, posterior: { ...own.posterior, lnEvidence, outliers } });
  }
  return levels;
}

const likelier = <T extends { readonly lnEvidence: number }>(a: T, b: T): T => (b.lnEvidence > a.lnEvidence ? b : a);

/** ln of the factor by which the evidence of a noise level falls short when no smaller one is tried. */
const hopeless = 12;

/** Mean and covariance of θ over noise levels and reaches, what only operators have left out: in units of their mean
 * scale where prices are linear, with ln scale less its mean in place of θ₀ − 1 where they are positive. */
function merged({ form, levels, inMeasurements }: Hypotheses, k: number, features: number) {
  const coordinates = touchedBy(levels[0]!.phi, k, features);
  const n = 1 + coordinates.length;
  const total = levels.reduce((sum, l) => sum + l.weight, 0);
  const parts = levels
    .map((level) => ({ ...level, share: level.weight / total }))
    .filter(({ share }) => share > 1e-4)
    .map((level) => ({ ...level, ...inFeatures(level, k, coordinates, inMeasurements) }));
  const meanOver = (of: (part: (typeof parts)[number]) => number): number =>
    parts.reduce((sum, part) => sum + part.share * of(part), 0);
  const isLinear = form === 'linear';
  // What was solved for is w less the mean of its prior; a scale that moves takes that mean with it.
  for (const { theta, response, mean: prior } of parts) {
    if (prior === undefined) continue;
    coordinates.forEach((p, c) => {
      theta[c + 1]! += prior[p]!;
      if (isLinear) response[c + 1]! += prior[p]!;
    });
  }
  const lnScale = isLinear
    ? Math.log(meanOver(({ posterior }) => Math.exp(posterior.lnScale)))
    : meanOver(({ posterior }) => posterior.lnScale);
  const mean = new Float64Array(n);
  for (const { share, posterior, theta } of parts) {
    if (!isLinear) theta[0] = 1 + posterior.lnScale - lnScale;
    const scale = isLinear ? Math.exp(posterior.lnScale - lnScale) : 1;
    for (let p = 0; p < n; p++) mean[p]! += share * scale * theta[p]!;
  }
  const covariance = new Float64Array(n * n);
  let priorVariance = 0;
  let noiseVariance = 0;
  for (const { share, sigma, reach, posterior, theta, response, spread } of parts) {
    const scale = isLinear ? Math.exp(posterior.lnScale - lnScale) : 1;
    priorVariance += share * (scale * reach) ** 2;
    noiseVariance += share * sigma * sigma;
    for (let p = 0; p < n; p++) {
      const off = scale * theta[p]! - mean[p]!;
      for (let q = 0; q <= p; q++) {
        const within = spread[p * n + q]! + posterior.scaleVariance * response[p]! * response[q]!;
        covariance[p * n + q]! += share * (scale * scale * within + off * (scale * theta[q]! - mean[q]!));
      }
    }
  }
  // What rounding takes from the smallest eigenvalues.
  for (let p = 0; p < n; p++) covariance[p * n + p]! += 1e-9;
  const lower = cholesky(covariance, n);
  const factor: number[] = [];
  for (let p = 0; p < n; p++) for (let q = 0; q <= p; q++) factor.push(rounded(lower[p * n + q]!));
  const weights = Array.from(mean.subarray(1), rounded);
  const own = { lnScale, coordinates, weights, factor, priorVariance: rounded(priorVariance), noiseVariance };
  const prior = levels[0]!.mean;
  if (prior === undefined) return own;
  return { ...own, priorMean: Array.from(prior, (mean, p) => (coordinates.includes(p) ? 0 : rounded(mean))) };
}

/** Which of the first `features` some row of φ has: those of operators measured alone, the last, are no kernel's. */
function touchedBy(phi: Float64Array, k: number, features: number): number[] {
  const P = phi.length / k;
  return Array.from({ length: features }, (_, p) => p).filter((p) => {
    for (let i = 0; i < k; i++) if (phi[i * P + p] !== 0) return true;
    return false;
  });
}

const rounded = (value: number): number => Number(value.toPrecision(7));

/** θ = (1, w), how θ answers to a change of the scale (1, −response), and the covariance of (0, w), all [n] or [n × n],
 * in the coordinates given. */
function inFeatures(
  { posterior: { weights, scaleResponse, factor }, phi, reach }: Level,
  k: number,
  coordinates: readonly number[],
  inMeasurements: boolean,
) {
  const P = phi.length / k;
  const n = 1 + coordinates.length;
  const theta = new Float64Array(n);
  const response = new Float64Array(n);
  const spread = new Float64Array(n * n);
  theta[0] = 1;
  response[0] = 1;
  const r = inMeasurements ? k : P;
  // F · X in measurements, F in features [r × n − 1].
  const known = new Float64Array(r * (n - 1));
  for (let c = 1; c < n; c++) {
    const p = coordinates[c - 1]!;
    if (!inMeasurements) {
      theta[c] = weights[p]!;
      response[c] = -scaleResponse[p]!;
      for (let i = p; i < r; i++) known[i * (n - 1) + c - 1] = factor[i * r + p]!;
      continue;
    }
    for (let j = 0; j < k; j++) {
      const x = phi[j * P + p]!;
      theta[c]! += x * weights[j]!;
      response[c]! -= x * scaleResponse[j]!;
      if (x === 0) continue;
      for (let i = j; i < k; i++) known[i * (n - 1) + c - 1]! += factor[i * r + j]! * x;
    }
  }
  for (let c = 1; c < n; c++) {
    theta[c]! *= reach;
    response[c]! *= reach;
    for (let d = 1; d <= c; d++) {
      let product = 0;
      for (let i = 0; i < r; i++) product += known[i * (n - 1) + c - 1]! * known[i * (n - 1) + d - 1]!;
      spread[c * n + d] = reach ** 2 * (inMeasurements ? (c === d ? 1 : 0) - product : product);
    }
  }
  return { theta, response, spread };
}
