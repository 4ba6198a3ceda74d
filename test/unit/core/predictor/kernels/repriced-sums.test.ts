// Sums with prices that depend on a target's weights, against sums by hand and finite differences.
import { expect, test } from 'vitest';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { type NetworkLaunches, positivePrice, priceAt, repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import { seededRandom } from '#core/random.ts';

const P = 3;
/** Three kernels of 2, 3 and 5 in net 1; the third feature is in none. */
const prices = {
  mean: [Float64Array.of(1, 1, 1), Float64Array.of(2, 3, 5)],
  psi: [new Float32Array(9), Float32Array.of(1, 0, 0, 0, 2, 0, 0.5, 0.5, 0)],
};
const row = (kernels: number[], counts: number[]) => ({
  kernels: Int32Array.from(kernels),
  counts: Float64Array.from(counts),
});
const none = row([], []);
const launches: NetworkLaunches[] = [
  { prices, rows: [none, row([0, 1], [4, 1])] },
  { prices, rows: [none, row([1, 2], [2, 1])] },
];
const sums = repricedSums(launches, 1, 1);

test('without weights they are sums of counts times prices', () => {
  expect([...sums.lnMean(new Float64Array(P))].map(Math.exp)).toEqual([
    expect.closeTo(4 * 2 + 3, 9),
    expect.closeTo(2 * 3 + 5, 9),
  ]);
  const phi = [...sums.phi(new Float64Array(P))];
  expect(phi).toEqual([8 / 11, 6 / 11, 0, 2.5 / 11, (6 * 2 + 2.5) / 11, 0].map((x) => expect.closeTo(x, 9)));
});

test('with weights each kernel costs μ p(ψ·w)', () => {
  const w = Float64Array.of(1.5, -2.4, 9);
  // s = 1.5, −4.8 and −.45, whose roots √(1 + s²/4) are 1.25, 2.6 and 1.025: 2 · 2², 3 · .2², 5 · .8².
  const [a, b, c] = [8, 0.12, 3.2] as const;
  expect([...sums.lnMean(w)].map(Math.exp)).toEqual([expect.closeTo(4 * a + b, 8), expect.closeTo(2 * b + c, 8)]);
  expect(sums.phi(w)[3]).toBeCloseTo((0.5 * c) / 1.025 / (2 * b + c), 9);
});

test('prices of adaptations of before are exponential', () => {
  const w = Float64Array.of(Math.log(2), Math.log(3), 9);
  const before = repricedSums(launches, 1, 1, 'exponential');
  // 2 · 2, 3 · 3², 5 · √6.
  const [a, b, c] = [4, 27, 5 * Math.sqrt(6)] as const;
  expect([...before.lnMean(w)].map(Math.exp)).toEqual([expect.closeTo(4 * a + b, 8), expect.closeTo(2 * b + c, 8)]);
  expect(before.phi(w)[3]).toBeCloseTo((0.5 * c) / (2 * b + c), 9);
  expect(priceAt('exponential', -1e9)).toBe(Math.exp(-8));
});

test('φ is the gradient of ln m', () => {
  const random = seededRandom(4);
  const w = Float64Array.from({ length: P }, () => random.normal());
  const phi = sums.phi(w);
  for (let p = 0; p < P; p++) {
    const step = (h: number) => sums.lnMean(w.with(p, w[p]! + h));
    const [up, down] = [step(1e-5), step(-1e-5)];
    for (const i of [0, 1]) expect(phi[i * P + p]).toBeCloseTo((up[i]! - down[i]!) / 2e-5, 6);
  }
});

test('no price runs away', () => {
  expect(positivePrice(0)).toBe(1);
  expect(positivePrice(1.5)).toBe(4);
  expect(positivePrice(1e9)).toBeCloseTo(1e18, -6);
  expect(positivePrice(-1e9)).toBeCloseTo(1e-18, 25);
  // exp to second order.
  expect(positivePrice(0.01)).toBeCloseTo(Math.exp(0.01), 6);
});

test('networks priced apart keep their own prices, and sums of a forward pass know what they are of', () => {
  const dearer = { ...prices, mean: prices.mean.map((own) => own.map((value) => 10 * value)) };
  const mixed = repricedSums([launches[0]!, { ...launches[0]!, prices: dearer }], 1, 1);
  const [cheap, dear] = mixed.lnMean(Float64Array.of(0.3, 0.1, 0));
  expect(dear! - cheap!).toBeCloseTo(Math.log(10), 9);
  const table = { count: 3, lnMean: prices.mean.map((own) => Float32Array.from(own, Math.log)), psi: prices.psi };
  const { launches: own } = networkSums(table, [launches[0]!.rows]);
  expect(own![0]!.rows).toBe(launches[0]!.rows);
  expect(own![0]!.prices.mean[1]![2]).toBeCloseTo(5, 5);
});
