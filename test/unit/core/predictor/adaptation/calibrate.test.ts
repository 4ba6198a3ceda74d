// Calibration of a target's intervals, on devices that are drawn from the model itself: the truth is known.
import { describe, expect, test } from 'vitest';
import { adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import type { Forward } from '#core/predictor/types.ts';
import { type Random, seededRandom } from '#core/random.ts';
import { referenceParameters } from '../reference.ts';

const { featureDimension, lowerings } = referenceParameters;
const heads = 2;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Architectures with features of the given size in every head. */
function drawForward(random: Random, count: number, size: number): Forward {
  return {
    count,
    lnMean: Float32Array.from({ length: 2 * count }, () => 0.3 * random.normal()),
    phi: Float32Array.from({ length: count * heads * featureDimension }, () => (size * random.normal()) / 5.66),
  };
}

/** A device of the second head with noise .03, its weights `surprise` times as large as the prior holds likely. */
function drawLatencies(random: Random, forward: Forward, surprise: number): Float64Array {
  const weights = Float64Array.from({ length: featureDimension }, () => surprise * random.normal());
  return Float64Array.from({ length: forward.count }, (_, i) => {
    const start = (i * heads + 1) * featureDimension;
    const shift = weights.reduce((sum, w, p) => sum + w * forward.phi[start + p]!, 0);
    return Math.exp(2 + forward.lnMean[2 * i + 1]!) * Math.max(1 + shift, 0.05) * (1 + 0.03 * random.normal());
  });
}

function meanOver(devices: number, surprise: number, k: number) {
  let scale = 0;
  let covered = 0;
  let uncalibrated = 0;
  for (let device = 0; device < devices; device++) {
    const random = seededRandom(device);
    const forward = drawForward(random, 120, 0.3);
    const latencyMs = drawLatencies(random, forward, surprise);
    const support = forwardRows(forward, range(0, k));
    const queries = forwardRows(forward, range(k, 120));
    const adaptation = adaptCalibrated(referenceParameters, 'hash', support, latencyMs.slice(0, k));
    const share = (intervalScale: number) => {
      const { lowMs, highMs } = predictLatencies({ ...adaptation, intervalScale }, lowerings, queries);
      const inside = range(k, 120).filter((i) => latencyMs[i]! >= lowMs[i - k]! && latencyMs[i]! <= highMs[i - k]!);
      return inside.length / (120 - k);
    };
    scale += adaptation.intervalScale / devices;
    covered += share(adaptation.intervalScale) / devices;
    uncalibrated += share(1) / devices;
  }
  return { scale, covered, uncalibrated };
}

describe('calibrated intervals', () => {
  test('stay as they are for a target like those the model knows', () => {
    const { scale, covered } = meanOver(20, 1, 12);
    expect(Math.abs(scale - 1)).toBeLessThan(0.15);
    expect(covered).toBeGreaterThan(0.85);
    expect(covered).toBeLessThan(0.95);
  });

  test('widen for a target that the prior did not expect', () => {
    const { scale, covered, uncalibrated } = meanOver(20, 3, 20);
    expect(scale).toBeGreaterThan(1.02);
    expect(covered).toBeGreaterThan(uncalibrated);
  });

  test('the scale is the root of the mean square of leave-one-out residuals, with ten more of 1, at least .9', () => {
    const random = seededRandom(5);
    const forward = drawForward(random, 3, 0.3);
    const latencyMs = drawLatencies(random, forward, 1);
    // Each measurement from the other two, residuals read off the interval: half of it is 1.6449 deviations of ln.
    const squares = range(0, 3).map((out) => {
      const rest = range(0, 3).filter((i) => i !== out);
      const without = adaptTarget(
        referenceParameters,
        'hash',
        forwardRows(forward, rest),
        latencyMs.filter((_, i) => i !== out),
      );
      const p = predictLatencies(without, lowerings, forwardRows(forward, [out]));
      const deviation = Math.log(p.highMs[0]! / p.latencyMs[0]!) / 1.6448536;
      return Math.min((Math.log(latencyMs[out]! / p.latencyMs[0]!) / deviation) ** 2, 9);
    });
    const { intervalScale } = adaptCalibrated(referenceParameters, 'hash', forward, latencyMs);
    const scale = Math.sqrt((10 + squares.reduce((a, b) => a + b, 0)) / 13);
    expect(intervalScale).toBeCloseTo(Math.max(scale, 0.9), 5);
  });

  test('one measurement says nothing about its own residual', () => {
    const forward = drawForward(seededRandom(1), 1, 0.3);
    expect(adaptCalibrated(referenceParameters, 'hash', forward, Float64Array.of(3)).intervalScale).toBe(1);
  });
});
