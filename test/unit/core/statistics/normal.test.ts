// The normal distribution against scipy.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalCdf, normalQuantile } from '#core/statistics/normal.ts';
import { reference } from '../predictor/reference.ts';

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
