// The baseline: ridge regression on ln latency, by hand and on a target that it can learn.
import { expect, test } from 'vitest';
import { ridgeRegression } from '#core/predictor/evaluation/ridge.ts';
import { seededRandom } from '#core/random.ts';
import { range } from '../reference.ts';

const plain = (d: number) => ({ mean: range(0, d).map(() => 0), deviation: range(0, d).map(() => 1) });

test('two measurements by hand', () => {
  // x = ±1, ln latency 1 ± 0.5. With λ the slope is 1 / (2 + λ); a left-out row's residual is largest for large λ here,
  // ½(1 + 2/λ)/(1 + 1/λ + …): the smallest penalty, 0.1, leaves K = [1.1 −1; −1 1.1], K⁻¹(r) = ±0.5 / 2.1 and
  // (K⁻¹)ᵢᵢ = 1.1 / 0.21, so a residual of 0.0454…; every larger penalty leaves more.
  const latencyMs = Float64Array.of(Math.exp(1.5), Math.exp(0.5));
  const found = ridgeRegression(Float32Array.of(1, -1, 3), plain(1), [0, 1], latencyMs);
  const slope = 1 / 2.1;
  const expected = [1 + slope, 1 - slope, 1 + 3 * slope];
  const half = 1.645 * (0.5 / 2.1) * (0.21 / 1.1);
  for (const [i, ln] of expected.entries()) {
    expect(Math.log(found.latencyMs[i]!)).toBeCloseTo(ln, 9);
    expect(Math.log(found.lowMs[i]!)).toBeCloseTo(ln - half, 9);
    expect(Math.log(found.highMs[i]!)).toBeCloseTo(ln + half, 9);
  }
});

test('features count as standardised', () => {
  const latencyMs = Float64Array.of(Math.exp(1.5), Math.exp(0.5));
  const raw = ridgeRegression(Float32Array.of(14, 6, 22), { mean: [10], deviation: [4] }, [0, 1], latencyMs);
  expect(raw).toEqual(ridgeRegression(Float32Array.of(1, -1, 3), plain(1), [0, 1], latencyMs));
});

test('what is linear in the features is learnt from enough measurements', () => {
  const random = seededRandom(1);
  const [n, d, k] = [200, 6, 60];
  const features = Float32Array.from({ length: n * d }, () => random.normal());
  const weights = range(0, d).map(() => 0.3 * random.normal());
  const truth = range(0, n).map((i) => 2 + weights.reduce((sum, w, j) => sum + w * features[i * d + j]!, 0));
  const noisy = truth.map((ln) => Math.exp(ln + 0.05 * random.normal()));
  const found = ridgeRegression(features, plain(d), range(0, k), Float64Array.from(noisy.slice(0, k)));
  const errors = range(k, n).map((i) => Math.abs(Math.log(found.latencyMs[i]!) - truth[i]!));
  expect(Math.max(...errors)).toBeLessThan(0.1);
  const covered = range(k, n).filter((i) => noisy[i]! >= found.lowMs[i]! && noisy[i]! <= found.highMs[i]!).length;
  expect(covered / (n - k)).toBeGreaterThan(0.8);
});
