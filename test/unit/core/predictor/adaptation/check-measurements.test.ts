// On targets drawn from the predictor's own model (φ and m made up, w, scale and noise drawn), so that what is true of
// them is known.
import { describe, expect, it } from 'vitest';
import { adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { checkMeasurements } from '#core/predictor/adaptation/check-measurements.ts';
import { expectedError } from '#core/predictor/adaptation/expected-error.ts';
import { forwardRows, leaveOneOut } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { selfCheckSchema } from '#core/predictor/adaptation/self-check.ts';
import { assessTrust } from '#core/predictor/adaptation/trust.ts';
import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { type Random, seededRandom } from '#core/random.ts';

const featureDimension = 4;
const noiseLevels = [0.003, 0.01, 0.03, 0.08, 0.2];
const parameters: HeadParameters = {
  lowerings: ['eager'],
  featureDimension,
  noiseLevels,
  logPriors: [0, 1].map(() => noiseLevels.map(() => -Math.log(2 * noiseLevels.length))),
};

/** Both heads alike. */
function drawForward(random: Random, count: number): Forward {
  const lnMean = Array.from({ length: count }, () => 0.4 * random.normal());
  const phi = Array.from({ length: count }, () =>
    Array.from({ length: featureDimension }, () => 0.15 * random.normal()),
  );
  return {
    count,
    lnMean: Float32Array.from(lnMean.flatMap((value) => [value, value])),
    phi: Float32Array.from(phi.flatMap((row) => [...row, ...row])),
  };
}

function drawTarget(seed: number, count: number, noise = 0.03) {
  const random = seededRandom(seed);
  const forward = drawForward(random, count);
  const w = Array.from({ length: featureDimension }, () => random.normal());
  const latencyMs = Float64Array.from({ length: count }, (_, i) => {
    const shift = w.reduce((sum, value, p) => sum + value * forward.phi[2 * i * featureDimension + p]!, 0);
    return 20 * Math.exp(forward.lnMean[2 * i]!) * Math.max(1 + shift, 0.1) * (1 + noise * random.normal());
  });
  return { random, forward, latencyMs };
}

const adaptTo = (forward: Forward, latencyMs: Float64Array) => adaptTarget(parameters, 'hash', forward, latencyMs);
const check = (forward: Forward, latencyMs: Float64Array) =>
  checkMeasurements(parameters, 'hash', forward, latencyMs, adaptTo(forward, latencyMs));
const changed = (latencyMs: Float64Array, factor: number, where: (i: number) => boolean) =>
  latencyMs.map((value, i) => (where(i) ? value * factor : value));

describe('leaving measurements out', () => {
  it('predicts each from exactly the others', () => {
    const { forward, latencyMs } = drawTarget(1, 7);
    const { lnErrors } = leaveOneOut(parameters, 'hash', forward, latencyMs);
    expect(lnErrors).toHaveLength(7);
    const others = [0, 1, 2, 4, 5, 6];
    const adaptation = adaptTarget(
      parameters,
      'hash',
      forwardRows(forward, others),
      Float64Array.from(others, (i) => latencyMs[i]!),
    );
    const predicted = predictLatencies(adaptation, parameters.lowerings, forwardRows(forward, [3])).latencyMs[0]!;
    expect(lnErrors[3]).toBeCloseTo(Math.log(latencyMs[3]! / predicted), 12);
  });

  it('leaves every one of many out once', () => {
    const { forward, latencyMs } = drawTarget(2, 40);
    const { lnErrors } = leaveOneOut(parameters, 'hash', forward, latencyMs);
    expect(lnErrors).toHaveLength(40);
    expect(lnErrors.every((error) => error !== 0)).toBe(true);
  });
});

describe('checking a target’s measurements against each other', () => {
  it.each([10, 20, 50, 300])('finds nothing wrong with %i consistent ones', (count) => {
    const { forward, latencyMs } = drawTarget(3, count);
    const result = check(forward, latencyMs);
    expect(selfCheckSchema.parse(result)).toEqual(result);
    expect(result).toMatchObject({ leftOut: { measurements: count }, contradiction: null });
    // Noise of 3 %: the median of |N(0, 1)| is 0.67, and the posterior adds a little.
    expect(result.leftOut!.medianError).toBeLessThan(0.06);
    expect(result.leftOut!.explained).toBeGreaterThan(0.95);
  });

  it.each([10, 12, 50, 300])('bears one of %i that is ten times too slow', (count) => {
    const { forward, latencyMs } = drawTarget(4, count);
    const one = changed(latencyMs, 10, (i) => i === 5);
    expect(adaptTo(forward, one).outliers).toContain(5);
    const result = check(forward, one);
    expect(result.contradiction).toBeNull();
    expect(result.leftOut!.medianError).toBeLessThan(0.06);
    expect(result.leftOut!.explained).toBeGreaterThan(0.9);
  });

  it.each([20, 50, 300])('calls %i contradictory of which every other is three times slower', (count) => {
    const { forward, latencyMs } = drawTarget(6, count);
    const result = check(
      forward,
      changed(latencyMs, 3, (i) => i % 2 === 0),
    );
    expect(result.contradiction).toMatch(/^predicted from each other, half are off by more than \d/);
  });

  it('calls numbers without any relation contradictory', () => {
    const { random, forward } = drawTarget(7, 30);
    const drawn = Float64Array.from({ length: 30 }, () => random.logUniform(1, 100));
    expect(check(forward, drawn).contradiction).not.toBeNull();
  });

  it('says nothing of four', () => {
    const { forward, latencyMs } = drawTarget(8, 4);
    expect(check(forward, latencyMs)).toEqual({ leftOut: null, contradiction: null });
  });

  it('takes equal latencies as they are', () => {
    const { forward } = drawTarget(9, 12);
    expect(check(forward, new Float64Array(12).fill(7)).leftOut!.explained).toBe(null);
  });
});

describe('trust', () => {
  const trustOf = (forward: Forward, latencyMs: Float64Array) => {
    return assessTrust({ ...adaptTo(forward, latencyMs), selfCheck: check(forward, latencyMs) });
  };

  it('is given to consistent measurements and not to contradictory ones', () => {
    const { forward, latencyMs } = drawTarget(10, 20);
    expect(trustOf(forward, latencyMs)).toMatchObject({ trust: 'trusted', reason: expect.stringMatching(/^20 meas/) });
    const half = changed(latencyMs, 3, (i) => i % 2 === 0);
    expect(trustOf(forward, half)).toMatchObject({
      trust: 'measure-first',
      reason: expect.stringMatching(/contradict/),
    });
  });

  it('needs five measurements', () => {
    const { forward, latencyMs } = drawTarget(11, 5);
    expect(trustOf(forward, latencyMs).trust).toBe('trusted');
    expect(trustOf(forwardRows(forward, [0, 1, 2, 3]), latencyMs.slice(0, 4)).trust).toBe('measure-first');
    expect(assessTrust(adaptTarget(parameters, 'h', forwardRows(forward, [1]), latencyMs.slice(1, 2)))).toEqual({
      trust: 'measure-first',
      reason: '1 measurement; at least 5 are needed',
    });
  });

  it('calls a target out of domain whose measurements say nothing of each other', () => {
    // Small differences that are noise to the predictor: too small to contradict, and a constant would do as well.
    const { random, forward: strong } = drawTarget(12, 60);
    const forward = { ...strong, lnMean: strong.lnMean.map((value) => value / 4) };
    const drawn = Float64Array.from({ length: 60 }, () => 20 * Math.exp(0.1 * random.normal()));
    expect(trustOf(forward, drawn).trust).toBe('out-of-domain');
  });
});

describe('expected error', () => {
  it('is the median error that the posterior believes in', () => {
    const { forward, latencyMs } = drawTarget(13, 300, 0.08);
    const adaptation = adaptTarget(parameters, 'hash', forward, latencyMs);
    // Noise of 8 % is nearly all that is left: 0.6745 × 0.08.
    expect(expectedError(adaptation, parameters.lowerings, drawForward(seededRandom(14), 100))).toBeCloseTo(0.054, 2);
  });
});
