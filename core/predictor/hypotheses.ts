// What the predictor holds possible of a target: which lowering its runtime is like, whether prices learned from real
// targets or from simulated ones alone describe it, and how noisy it is. For kernels x of a network a, launched c(x)
// times:
//   m(a) = Σ c(x) μ(x),   φ(a) = Σ c(x) μ(x) ψ(x) / m(a),   latency = scale · m(a) · (1 + φ(a)·w + σ ε)
// with w ~ N(0, reach² I) and ε ~ N(0, 1). ψ has learned features and one coordinate a class of kernels
// (kernel-classes.ts).
import type { LoweringId } from '#core/graph/lowerings.ts';
import { kernelClassNames } from './kernels/kernel-classes.ts';

/** Price networks: 0 learns from every episode, 1 from simulated devices only. */
export const netCount = 2;
/** Learned features of a kernel beside its classes. */
export const learnedFeatures = 24;
/** P, the dimension of ψ, φ and w. */
export const featureDimension = learnedFeatures + kernelClassNames.length;
/** How far a target's prices may be from the middle, in deviations of w. */
export interface Reach {
  readonly reach: number;
  /** How likely it is beforehand. */
  readonly share: number;
}
/** As far as those of a target that was learned from or, seldom, twice as far. From trials with measured targets left
 * out (docs/predictor.md). */
export const defaultReaches: readonly Reach[] = [
  { reach: 1, share: 0.9 },
  { reach: 2, share: 0.1 },
];
/** Those of targets that are learned from. */
export const oneReach: readonly Reach[] = [{ reach: 1, share: 1 }];
/** Relative noise standard deviations. */
export const noiseLevels: readonly number[] = [0.003, 0.01, 0.03, 0.08, 0.2];

export interface Head {
  readonly lowering: LoweringId;
  readonly net: 0 | 1;
}

/** All heads of a predictor over these lowerings: first net 0 with each lowering, then net 1. */
export const headsOf = (lowerings: readonly LoweringId[]): Head[] =>
  ([0, 1] as const).flatMap((net) => lowerings.map((lowering) => ({ lowering, net })));

/** Kinds of runtime that predictors trained here tell apart. Those of ONNX Runtime that launch nearly
 * the same kernels as one of these for all known networks are left out: each costs time and none decides anything. */
export const defaultLowerings = [
  'eager',
  'fused',
  'pruned',
  'pruned-sums',
  'folded-zeros',
  'onnxruntime-all',
] as const satisfies readonly LoweringId[];
