// The normal distribution and quantiles of mixtures, against scipy.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mixtureQuantile, normalCdf, normalQuantile } from '#core/predictor/normal.ts';
import { reference } from './reference.ts';

const { normal } = reference;

test('the distribution function is scipy’s to 1e-7', () => {
  for (const [i, x] of normal.x.entries()) expect(Math.abs(normalCdf(x) - normal.cdf[i]!), `${x}`).toBeLessThan(1e-7);
  expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1);
});

test('quantiles are scipy’s', () => {
  for (const [i, p] of normal.probability.entries()) {
    // An error of 1e-7 in probability is this much in x.
    const density = Math.exp(-0.5 * normal.quantile[i]! ** 2) / Math.sqrt(2 * Math.PI);
    expect(Math.abs(normalQuantile(p) - normal.quantile[i]!), `${p}`).toBeLessThan(1e-7 / density + 1e-9);
  }
});

test('quantiles and probabilities are each other’s inverse', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-4, max: 1 - 1e-4, noNaN: true }), (p) => {
      expect(Math.abs(normalCdf(normalQuantile(p)) - p)).toBeLessThan(2e-8);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test.each(normal.mixtures)('quantiles of a mixture of $weights.length, deviations $deviations', (mixture) => {
  const [weights, means, deviations] = [mixture.weights, mixture.means, mixture.deviations].map((v) =>
    Float64Array.from(v),
  ) as [Float64Array, Float64Array, Float64Array];
  for (const [i, p] of mixture.p.entries()) {
    const x = mixtureQuantile(p, normalQuantile(p), weights, means, deviations);
    const expected = mixture.quantile[i]!;
    const density = means.reduce((sum, m, h) => {
      const z = (expected - m) / deviations[h]!;
      return sum + (weights[h]! * Math.exp(-0.5 * z * z)) / (deviations[h]! * Math.sqrt(2 * Math.PI));
    }, 0);
    // Exact to 1e-6, or as far as a probability known to 1e-7 tells (between two components hardly at all).
    expect(Math.abs(x - expected), `p ${p}`).toBeLessThan(1e-6 + 2e-7 / density);
  }
});

test('quantiles of any mixture rise with the probability and have it', () => {
  const component = fc.record({
    weight: fc.double({ min: 1e-3, max: 1, noNaN: true }),
    mean: fc.double({ min: -3, max: 3, noNaN: true }),
    deviation: fc.double({ min: 3e-3, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(component, { minLength: 1, maxLength: 6 }), (parts) => {
      const total = parts.reduce((sum, c) => sum + c.weight, 0);
      const weights = Float64Array.from(parts, (c) => c.weight / total);
      const means = Float64Array.from(parts, (c) => c.mean);
      const deviations = Float64Array.from(parts, (c) => c.deviation);
      let previous = Number.NEGATIVE_INFINITY;
      for (const p of [0.01, 0.05, 0.3, 0.5, 0.9, 0.99]) {
        const x = mixtureQuantile(p, normalQuantile(p), weights, means, deviations);
        expect(x).toBeGreaterThanOrEqual(previous - 1e-6);
        previous = x;
        const mass = weights.reduce((sum, w, i) => sum + w * normalCdf((x - means[i]!) / deviations[i]!), 0);
        // The narrowest component has a density of up to 1 / .0075 where the quantile is known to 1e-7.
        expect(Math.abs(mass - p)).toBeLessThan(5e-5);
      }
    }),
    { seed: 2, numRuns: 300 },
  );
});
