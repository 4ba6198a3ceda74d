// Adaptation: the closed-form posterior of one target from its measurements under one predictor. Plain JSON, a few tens
// of kilobytes, so that it can be stored beside the predictor and prediction needs nothing else of the target.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import type { PredictorParameters } from '#core/predictor/bundle.ts';
import type { Forward } from '#core/predictor/types.ts';
import { defaultOutlierShare, type Posterior, posteriorOf, solvesInMeasurements, supportSystem } from './posterior.ts';
import { selfCheckSchema } from './self-check.ts';

const vector = z.array(z.number());

/** What predictions need of a target: enough to predict with, and to leave measurements out. */
export const targetPosteriorSchema = z.strictObject({
  predictorHash: z.string(),
  /** How many measurements it was made from. */
  measurements: z.int().positive(),
  /** Factor on the standard deviations of predictions: see calibrate.ts. */
  intervalScale: z.number().positive(),
  /** φ of the measured architectures, [heads][k · P] row-major: the coordinates of a query are t = Xq. Empty where
   * there are P measurements or more: t = q (see posterior.ts). */
  basis: z.array(vector),
  /** Hypotheses that the measurements leave standing; weights sum to 1. */
  hypotheses: z.array(
    z.strictObject({
      head: z.int().nonnegative(),
      kind: z.enum(['linear', 'logarithmic']),
      mean: z.int().nonnegative(),
      sigma: z.number().positive(),
      weight: z.number().positive(),
      lnScale: z.number(),
      /** φ·w = weights·t [r]. */
      weights: vector,
      /** Rows of F's lower triangle, one after another [r (r + 1) / 2]; var(φ·w) is ‖q‖² − ‖Ft‖² with a basis, ‖Ft‖²
       * without. */
      factor: vector,
      scaleVariance: z.number().nonnegative(),
      scaleResponse: vector,
    }),
  ),
  /** Indices of measurements that are more likely outliers than not: they hardly count. */
  outliers: z.array(z.int().nonnegative()),
});
export type TargetPosterior = z.infer<typeof targetPosteriorSchema>;

/** The posterior as the service keeps it, with what has been found out about it (checked-adaptation.ts). */
export const adaptationSchema = targetPosteriorSchema.extend({
  /** What the target's measurements say about themselves (self-check.ts). */
  selfCheck: selfCheckSchema,
  /** How many profiles the target's data were joined from; adaptations replace each other in this order only. */
  dataRevision: z.int().positive(),
  /** Median of |ln(measured / predicted)| that the posterior expects over the search space (expected-error.ts). */
  expectedError: z.number().nonnegative(),
});
export type Adaptation = z.infer<typeof adaptationSchema>;

/** Hypotheses below this posterior probability are dropped: they cannot move a prediction noticeably. */
const leastWeight = 1e-3;

/**
 * The posterior of one target from its measurements, closed form for every head and noise level (posterior.ts has the
 * equations), its deviations as they are (`intervalScale` 1). Hypotheses that the measurements rule out are dropped.
 * @param forward ln m and φ of the measured architectures
 * @param latencyMs measured latencies in ms, [forward.count]
 * @throws DomainError `too-few-measurements` without any measurement; `invalid-request` for a latency that is not
 * finite and positive
 */
export function adaptFromForward(
  parameters: PredictorParameters,
  predictorHash: string,
  forward: Forward,
  latencyMs: Float64Array,
  outlierShare = defaultOutlierShare,
): TargetPosterior {
  if (latencyMs.length === 0) throw new DomainError('too-few-measurements', 'adaptation needs at least 1 measurement');
  const lnLatency = latencyMs.map((value, i) => {
    if (value > 0 && value < Number.POSITIVE_INFINITY) return Math.log(value);
    throw new DomainError('invalid-request', `latency ${value} ms of measurement ${i} is not finite and positive`);
  });
  const systems = parameters.heads.map((_, head) =>
    supportSystem({ ...headRows(parameters, forward, head), lnLatency }),
  );
  const standing = parameters.heads.flatMap(({ kind, mean }, head) =>
    parameters.noiseLevels.map((sigma, level) => {
      const posterior = posteriorOf(kind, sigma, systems[head]!, outlierShare);
      return { head, kind, mean, sigma, posterior, score: posterior.lnEvidence + parameters.logPriors[head]![level]! };
    }),
  );
  const best = Math.max(...standing.map((h) => h.score));
  const total = standing.reduce((sum, h) => sum + Math.exp(h.score - best), 0);
  const weighted = standing.map((h) => ({ ...h, weight: Math.exp(h.score - best) / total }));
  const kept = weighted.filter((h) => h.weight >= leastWeight);
  const keptWeight = kept.reduce((sum, h) => sum + h.weight, 0);
  return {
    predictorHash,
    measurements: latencyMs.length,
    intervalScale: 1,
    basis: solvesInMeasurements(latencyMs.length, parameters.featureDimension)
      ? systems.map((system) => Array.from(system.phi))
      : [],
    hypotheses: kept.map(({ head, kind, mean, sigma, weight, posterior }) => ({
      head,
      kind,
      mean,
      sigma,
      weight: weight / keptWeight,
      ...asJson(posterior),
    })),
    outliers: Array.from(latencyMs.keys()).filter((i) => {
      const probability = weighted.reduce((sum, h) => sum + (h.posterior.outliers.includes(i) ? h.weight : 0), 0);
      return probability > 0.5;
    }),
  };
}

/** One head's part of a forward pass: φ [count × P], row-major, and ln m [count], in float64. */
export function headRows(parameters: PredictorParameters, forward: Forward, head: number) {
  const P = parameters.featureDimension;
  const H = parameters.heads.length;
  const means = forward.lnMean.length / forward.count;
  const phi = new Float64Array(forward.count * P);
  const lnMean = new Float64Array(forward.count);
  for (let i = 0; i < forward.count; i++) {
    lnMean[i] = forward.lnMean[i * means + parameters.heads[head]!.mean]!;
    for (let p = 0; p < P; p++) phi[i * P + p] = forward.phi[(i * H + head) * P + p]!;
  }
  return { phi, lnMean };
}

function asJson(posterior: Posterior) {
  const r = posterior.weights.length;
  const rounded = (value: number): number => Number(value.toPrecision(12));
  const factor: number[] = [];
  for (let i = 0; i < r; i++) for (let j = 0; j <= i; j++) factor.push(rounded(posterior.factor[i * r + j]!));
  return {
    lnScale: posterior.lnScale,
    weights: Array.from(posterior.weights, rounded),
    factor,
    scaleVariance: posterior.scaleVariance,
    scaleResponse: Array.from(posterior.scaleResponse, rounded),
  };
}
