// Prices that are positive whatever a target's weights are: the posterior against a plain search and numerical
// integration, and adaptations to targets that are truly of one form or the other.
import { describe, expect, test } from 'vitest';
import { type Adaptation, adaptationSchema, adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { positivePosterior } from '#core/predictor/adaptation/positive-posterior.ts';
import { lnMoments, predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';

const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

/** Networks of six kernels with random counts; ψ has `width` features that are not 0. */
function networks(count: number, width: number, spread: number): Forward {
  const random = seededRandom(11);
  const kernels = 6;
  const table = {
    count: kernels,
    lnMean: range(2).map(() => Float32Array.from(range(kernels), () => 0.5 * random.normal())),
    psi: range(2).map(() =>
      Float32Array.from(range(kernels * P), (at) => (at % P < width ? spread * random.normal() : 0)),
    ),
  };
  const rows = range(count).map(() => [
    { kernels: Int32Array.from(range(kernels)), counts: Float64Array.from(range(kernels), () => random.integer(9)) },
  ]);
  return networkSums(table, rows);
}

describe('one feature and four measurements', () => {
  const forward = networks(4, 1, 1);
  const sums = repricedSums(forward.launches!, 0, 0);
  const weightsOf = (w: number) => Float64Array.from(range(P), (p) => (p === 0 ? w : 0));
  const random = seededRandom(2);
  const sigma = 0.1;
  const lnLatency = sums.lnMean(weightsOf(1.4)).map((ln) => ln + 2 + sigma * random.normal());
  const variance = new Float64Array(4).fill(sigma ** 2);
  const { posterior, weights } = positivePosterior(sums, lnLatency, variance, new Float64Array(P));
  /** ln of prior × likelihood over ln scales, but for what does not depend on w and the scale. */
  const lnJoint = (w: number): ((lnScale: number) => number) => {
    const off = sums.lnMean(weightsOf(w)).map((ln, i) => lnLatency[i]! - ln);
    return (lnScale) => off.reduce((sum, x) => sum - (x - lnScale) ** 2 / (2 * sigma ** 2), (-w * w) / 2);
  };
  const profile = (w: number): number => {
    const lnMean = sums.lnMean(weightsOf(w));
    return lnJoint(w)(lnLatency.reduce((sum, ln, i) => sum + ln - lnMean[i]!, 0) / 4);
  };

  test('ends where the posterior is highest', () => {
    const grid = range(801).map((i) => -4 + i / 100);
    const best = grid.reduce((a, b) => (profile(b) > profile(a) ? b : a));
    expect(weights[0]).toBeCloseTo(best, 1);
    expect(weights.slice(1).every((w) => w === 0)).toBe(true);
    expect(profile(best) - profile(weights[0]!)).toBeLessThan(1e-3);
  });

  test('its evidence is near that of integrating over w and the scale', () => {
    let total = 0;
    for (const w of range(300).map((i) => -6 + i / 25)) {
      const given = lnJoint(w);
      for (const s of range(600).map((i) => -1 + i / 100)) total += Math.exp(given(s)) * (1 / 25) * (1 / 100);
    }
    // Constants that posterior.ts leaves out: (2π)^(−k/2) of the noise, and √(2π) of the scale.
    const lnNoise = -4 * Math.log(sigma);
    const lnIntegral =
      Math.log(total) +
      lnNoise -
      0.5 * Math.log(2 * Math.PI) -
      0.5 * Math.log(2 * Math.PI) -
      lnLatency.reduce((a, b) => a + b, 0);
    expect(Math.abs(posterior.lnEvidence - lnIntegral)).toBeLessThan(0.15);
  });
});

describe('a target', () => {
  const count = 60;
  const forward = networks(count, 4, 0.8);
  const parameters: HeadParameters = {
    lowerings: ['eager'],
    featureDimension: P,
    noiseLevels: [0.01, 0.08],
    logPriors: range(2).map(() => [Math.log(0.25), Math.log(0.25)]),
  };
  const w = Float64Array.from(range(P), (p) => [1.5, -1.2, 0.9, -1.6][p] ?? 0);
  const random = seededRandom(5);
  const noisy = (ln: number): number => Math.exp(ln + 3 + 0.01 * random.normal());
  const measured = (k: number, latency: Float64Array): Adaptation =>
    adaptTarget(parameters, 'hash', forwardRows(forward, range(k)), latency.slice(0, k));
  const rest = forwardRows(forward, range(count).slice(40));

  test('with positive prices is recognised, predicted and kept as JSON', () => {
    const latency = repricedSums(forward.launches!, 0, 0).lnMean(w).map(noisy);
    const adaptation = measured(40, latency);
    const weight = adaptation.heads.filter(({ form }) => form === 'positive').reduce((sum, h) => sum + h.weight, 0);
    expect(weight).toBeGreaterThan(0.99);
    const stored = adaptationSchema.parse(JSON.parse(JSON.stringify(adaptation)));
    const { latencyMs, lowMs, highMs } = predictLatencies(stored, ['eager'], rest);
    latencyMs.forEach((ms, i) => {
      expect(Math.abs(Math.log(ms / latency[40 + i]!))).toBeLessThan(0.05);
      expect(lowMs[i]).toBeLessThan(ms);
      expect(highMs[i]).toBeGreaterThan(ms);
    });
  });

  test('with linear prices keeps the linear form', () => {
    const small = w.map((x) => 0.3 * x);
    const latency = Float64Array.from(range(count), (i) => {
      const phi = forward.phi.subarray(2 * i * P, (2 * i + 1) * P);
      return noisy(forward.lnMean[2 * i]! + Math.log(1 + phi.reduce((sum, x, p) => sum + x * small[p]!, 0)));
    });
    const adaptation = measured(40, latency);
    expect(adaptation.heads.reduce((sum, h) => sum + (h.form === 'linear' ? h.weight : 0), 0)).toBeGreaterThan(0.5);
  });

  test('that says nothing of the form is believed to be of either, at even odds', () => {
    // One measurement determines the scale alone, and prices that hardly vary are the same in both forms.
    const alike = networks(1, 4, 1e-4);
    const one = adaptTarget(parameters, 'hash', alike, Float64Array.of(20));
    const weight = one.heads.filter(({ form }) => form === 'positive').reduce((sum, head) => sum + head.weight, 0);
    expect(weight).toBeCloseTo(0.5, 2);
  });

  test('without the launches of its networks is looked at in the linear form only', () => {
    const { launches: _, ...sums } = forward;
    const latency = repricedSums(forward.launches!, 0, 0).lnMean(w).map(noisy);
    expect(adaptTarget(parameters, 'hash', sums, latency).heads.map(({ form }) => form)).not.toContain('positive');
    const adaptation = measured(40, latency);
    expect(() => lnMoments(adaptation, ['eager'], sums)).toThrow(TypeError);
  });

  test('with an outlier names it and is predicted all the same', () => {
    const latency = repricedSums(forward.launches!, 0, 0).lnMean(w).map(noisy);
    const adaptation = measured(40, latency.with(7, 30 * latency[7]!));
    expect(adaptation.outliers).toEqual([7]);
    const { latencyMs } = predictLatencies(adaptation, ['eager'], rest);
    latencyMs.forEach((ms, i) => {
      expect(Math.abs(Math.log(ms / latency[40 + i]!))).toBeLessThan(0.1);
    });
  });

  test('is adapted to near measurements in the forms that stood before', () => {
    const latency = repricedSums(forward.launches!, 0, 0).lnMean(w).map(noisy);
    const whole = measured(40, latency);
    const again = adaptTarget(parameters, 'hash', forwardRows(forward, range(39)), latency.slice(0, 39), {
      near: whole,
    });
    const { latencyMs } = predictLatencies(again, ['eager'], rest);
    predictLatencies(whole, ['eager'], rest).latencyMs.forEach((ms, i) => {
      expect(Math.abs(Math.log(ms / latencyMs[i]!))).toBeLessThan(0.02);
    });
    const linear = { ...whole, heads: whole.heads.map((head) => ({ ...head, form: 'linear' as const })) };
    const only = adaptTarget(parameters, 'hash', forwardRows(forward, range(39)), latency.slice(0, 39), {
      near: linear,
    });
    expect(only.heads.every(({ form }) => form === 'linear')).toBe(true);
  });
});
