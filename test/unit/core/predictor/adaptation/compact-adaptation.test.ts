import { describe, expect, test } from 'vitest';
import { symmetricEigen } from '#core/matrix/symmetric-eigen.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { compactAdaptation, expandedAdaptation } from '#core/predictor/adaptation/compact-adaptation.ts';
import { lnMoments } from '#core/predictor/adaptation/posterior-predictive.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';

describe('eigenvalues and eigenvectors', () => {
  test('of [[2, 1], [1, 2]] are 3 along (1, 1) and 1 along (1, −1)', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expect(values[0]).toBeCloseTo(3, 12);
    expect(values[1]).toBeCloseTo(1, 12);
    expect(Math.abs(vectors[0]! * vectors[1]!)).toBeCloseTo(0.5, 12);
    expect(vectors[0]! * vectors[1]!).toBeGreaterThan(0);
    expect(vectors[2]! * vectors[3]!).toBeCloseTo(-0.5, 12);
  });

  test('make the matrix again', () => {
    const n = 6;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) matrix[i * n + j] = 1 / (i + j + 1);
    const { values, vectors } = symmetricEigen(matrix, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!;
        expect(sum).toBeCloseTo(matrix[i * n + j]!, 10);
      }
    }
  });
});

/** θ₀ known to .02, w's first three coordinates to .1 along (1, 1, 1), and to 1 across. */
function exampleOf(weights: readonly number[]): Adaptation {
  const n = weights.length + 1;
  const covariance = new Float64Array(n * n);
  covariance[0] = 0.02 ** 2;
  for (let i = 1; i < n; i++) covariance[i * n + i] = 1;
  for (let i = 1; i <= 3; i++) for (let j = 1; j <= 3; j++) covariance[i * n + j]! -= 0.99 / 3;
  const factor: number[] = [];
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = covariance[i * n + j]!;
      for (let k = 0; k < j; k++) rest -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(rest) : rest / lower[j * n + j]!;
      factor.push(lower[i * n + j]!);
    }
  }
  const head = {
    lowering: 'fused',
    net: 0,
    form: 'linear',
    lnScale: 0.5,
    priorVariance: 1,
    noiseVariance: 1e-4,
    factor,
  } as const;
  return {
    predictorHash: 'a',
    measurements: 30,
    intervalScale: 1,
    outliers: [3],
    selfCheck: { leftOut: null, contradiction: null },
    heads: [
      { ...head, weight: 0.96, weights: [...weights], coordinates: weights.map((_, i) => i) },
      { ...head, weight: 0.04, weights: [...weights], coordinates: weights.map((_, i) => i), net: 1 },
    ],
  };
}

/** One network whose φ are as given, the same under both nets. */
function forwardOf(phi: readonly number[]) {
  const own = Float32Array.from({ length: P }, (_, p) => phi[p] ?? 0);
  return { count: 1, lnMean: Float32Array.of(1, 1), phi: Float32Array.of(...own, ...own) };
}

describe('a compact adaptation', () => {
  const weights = Array.from({ length: 12 }, (_, i) => i / 40);
  const adaptation = exampleOf(weights);
  const again = expandedAdaptation(compactAdaptation(adaptation), 'a');

  test('keeps only heads that count', () => {
    expect(again.heads).toHaveLength(1);
    expect(again.heads[0]!.weight).toBe(1);
    expect(again).toMatchObject({ measurements: 30, outliers: [3], predictorHash: 'a', selfCheck: { leftOut: null } });
  });

  test.each([
    ['along what was measured', [0.1, 0.1, 0.1]],
    ['across it', [0.1, -0.1, 0]],
    ['where nothing was measured', [0, 0, 0, 0.05, 0.05]],
    ['nowhere', []],
  ])('predicts the same %s', (_, phi) => {
    const forward = forwardOf(phi);
    const [before, after] = [adaptation, again].map((own) => lnMoments(own, ['fused'], forward));
    expect(after!.mean[0]).toBeCloseTo(before!.mean[0]!, 4);
    expect(after!.deviation[0]! / before!.deviation[0]!).toBeCloseTo(1, 2);
  });

  test('keeps the mean that counters gave the prices that were not measured', () => {
    const told = {
      ...adaptation.heads[0]!,
      weight: 1,
      priorMean: Array.from({ length: P }, (_, p) => (p === 20 ? 0.25 : 0)),
    };
    const moved = expandedAdaptation(compactAdaptation({ ...adaptation, heads: [told] }), 'a');
    const forward = forwardOf(Array.from({ length: 21 }, (_, p) => (p === 20 ? 0.1 : 0)));
    const [still, before, after] = [again, { ...adaptation, heads: [told] }, moved].map((own) =>
      lnMoments(own, ['fused'], forward),
    );
    expect(before!.mean[0]! - still!.mean[0]!).toBeCloseTo(Math.log1p(0.1 * 0.25), 4);
    expect(after!.mean[0]).toBeCloseTo(before!.mean[0]!, 4);
  });

  test('of measurements that nobody checked is refused', () => {
    const { selfCheck: _, ...unchecked } = adaptation;
    expect(() => compactAdaptation(unchecked)).toThrow(TypeError);
  });
});
