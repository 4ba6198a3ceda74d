// What the predictor holds possible of a target: which head describes it, and how noisy it is. A target's latency is
//   linear head:      latency = scale · m(a) · (1 + φ(a)·w + σ ε)
//   logarithmic head: ln latency = ln scale + ln m(a) + φ(a)·w + σ ε,      w ~ N(0, I), ε ~ N(0, 1)
// for each of the noise levels σ. Head 2 learns from simulated devices only: a broad prior for targets unlike the pool.

export type HeadKind = 'linear' | 'logarithmic';

export interface Head {
  readonly kind: HeadKind;
  /** Which of the network's two means ln m the head uses. */
  readonly mean: 0 | 1;
}

export const heads: readonly Head[] = [
  { kind: 'linear', mean: 0 },
  { kind: 'logarithmic', mean: 0 },
  { kind: 'linear', mean: 1 },
];
export const meanCount = 2;
/** φ's dimension P in every head. */
export const featureDimension = 32;
/** Relative noise standard deviations. */
export const noiseLevels: readonly number[] = [0.003, 0.01, 0.03, 0.08, 0.2];
