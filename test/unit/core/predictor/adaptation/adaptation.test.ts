// Adaptation against the Python reference: every head at every noise level, and their mixture, from one measurement to
// fifty.
import { describe, expect, test } from 'vitest';
import { adaptationSchema, adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { lnMoments, predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { noiseLevels, oneReach } from '#core/predictor/hypotheses.ts';
import type { Forward } from '#core/predictor/types.ts';
import { expectClose } from '../../onnx/finite-differences.ts';
import { range, reference, referenceForward, referenceHeads, referenceParameters } from '../reference.ts';

const hypotheses = referenceHeads.flatMap((own, head) =>
  noiseLevels.map((sigma, level) => ({ head, sigma, at: own * noiseLevels.length + level })),
);
const hash = 'f'.repeat(64);
const { lowerings } = referenceParameters;
const predict = (adaptation: Parameters<typeof predictLatencies>[0], forward: Forward) =>
  predictLatencies(adaptation, lowerings, forward);
/** The reference knows one reach. */
const atItsWord = { outlierShare: 0, reaches: oneReach };

describe.each(reference.targets)('$name', (target) => {
  const targets = referenceForward(target.phiScale, range(64, 70));

  describe.each(target.adaptation)('from $k', (expected) => {
    const support = referenceForward(target.phiScale, range(0, expected.k));
    const latencyMs = Float64Array.from(target.latencyMs.slice(0, expected.k));

    test('a head at one noise level: mean and variance of ln latency', () => {
      for (const { head, sigma, at } of hypotheses) {
        const parameters = { ...referenceParameters, noiseLevels: [sigma], logPriors: [[0], [0]] };
        const adaptation = adaptTarget(parameters, hash, support, latencyMs, { ...atItsWord, heads: [head] });
        const { mean, deviation } = lnMoments(adaptation, lowerings, targets);
        expectClose(mean, expected.mean[at]!, 1e-5);
        const ratios = deviation.map((d, j) => (d * d) / expected.variance[at]![j]!);
        // Stored to seven digits, of which cancellation takes some.
        expectClose(ratios, [...ratios.map(() => 1)], 1e-2);
      }
    });

    test('heads weigh as their evidence says, and their mixture is the reference\u2019s', () => {
      const adaptation = adaptTarget(referenceParameters, hash, support, latencyMs, atItsWord);
      const scores = hypotheses.map(({ at }) => expected.score[at]!);
      const best = Math.max(...scores);
      const raw = scores.map((score) => Math.exp(score - best));
      const total = raw.reduce((a, b) => a + b, 0);
      const weights = raw.map((w) => w / total);
      const ofHead = [0, 1].map((head) =>
        weights.reduce((sum, w, i) => sum + (hypotheses[i]!.head === head ? w : 0), 0),
      );
      const standing = ofHead.map((w) => (w >= 0.01 ? w : 0));
      const kept = standing[0]! + standing[1]!;
      expectClose(
        Float64Array.from([0, 1], (net) => adaptation.heads.find((head) => head.net === net)?.weight ?? 0),
        standing.map((w) => w / kept),
        1e-6,
      );
      const { mean, deviation } = lnMoments(adaptation, lowerings, targets);
      for (const j of range(0, targets.count)) {
        const own = hypotheses.map(({ head, at }, i) => ({
          weight: standing[head] === 0 ? 0 : weights[i]! / kept,
          mean: expected.mean[at]![j]!,
          variance: expected.variance[at]![j]!,
        }));
        const center = own.reduce((sum, h) => sum + h.weight * h.mean, 0);
        const variance = own.reduce((sum, h) => sum + h.weight * (h.variance + (h.mean - center) ** 2), 0);
        // A head's noise levels are one Gaussian of prices, not of their logarithms: close where they agree.
        expect(Math.abs(mean[j]! - center)).toBeLessThan(0.15 * Math.sqrt(variance));
        expect(deviation[j]! / Math.sqrt(variance)).toBeGreaterThan(0.8);
        expect(deviation[j]! / Math.sqrt(variance)).toBeLessThan(1.25);
      }
      expect(adaptation).toMatchObject({ measurements: expected.k, predictorHash: hash });
    });
  });
});

describe('an adaptation', () => {
  const target = reference.targets[0]!;
  const support = referenceForward(1, range(0, 10));
  const latencyMs = Float64Array.from(target.latencyMs.slice(0, 10));
  const adaptation = adaptTarget(referenceParameters, hash, support, latencyMs);

  test('is plain JSON that predicts the same after storage', () => {
    const stored = adaptationSchema.parse(JSON.parse(JSON.stringify(adaptation)));
    expect(stored).toEqual(adaptation);
    const rows = referenceForward(1, range(64, 70));
    expect(predict(stored, rows)).toEqual(predict(adaptation, rows));
  });

  test('does not depend on the order of the measurements, nor on the unit of time', () => {
    const order = [3, 9, 0, 7, 5, 1, 8, 2, 6, 4];
    const shuffled = adaptTarget(
      referenceParameters,
      hash,
      referenceForward(1, order),
      Float64Array.from(order, (i) => latencyMs[i]!),
    );
    const inMicroseconds = adaptTarget(
      referenceParameters,
      hash,
      support,
      latencyMs.map((ms) => 1000 * ms),
    );
    const rows = referenceForward(1, range(64, 70));
    const expected = predict(adaptation, rows);
    for (const key of ['latencyMs', 'lowMs', 'highMs'] as const) {
      expectClose(predict(shuffled, rows)[key], expected[key], 1e-4);
      expectClose(
        predict(inMicroseconds, rows)[key].map((us) => us / 1000),
        expected[key],
        1e-4,
      );
    }
  });

  test.each([0, -1, 1e-300, 1e300, Number.NaN, Number.POSITIVE_INFINITY])('is refused for a latency of %d', (bad) => {
    expect(() => adaptTarget(referenceParameters, hash, support, latencyMs.with(4, bad))).toThrow(
      expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining('measurement 4') }),
    );
  });

  test('is finite for the shortest and longest latencies together', () => {
    const extreme = latencyMs.map((_, i) => (i % 2 === 0 ? 1e-6 : 1e9));
    const { heads } = adaptTarget(referenceParameters, hash, support, extreme);
    const numbers = heads.flatMap(({ lnScale, weights, factor, noiseVariance }) => [
      ...[lnScale, noiseVariance],
      ...[...weights, ...factor],
    ]);
    expect(numbers.filter((x) => !Number.isFinite(x))).toEqual([]);
    expect(numbers.length).toBeGreaterThan(3);
  });

  test('of a head that is asked for twice counts it once', () => {
    const ask = (heads: number[]) => adaptTarget(referenceParameters, hash, support, latencyMs, { heads });
    expect(ask([0, 1, 0])).toEqual(ask([0, 1]));
  });

  test('is refused without measurements', () => {
    const none = referenceForward(1, []);
    expect(() => adaptTarget(referenceParameters, hash, none, new Float64Array())).toThrow(
      expect.objectContaining({ code: 'too-few-measurements' }),
    );
  });
});

describe('an outlier among the measurements', () => {
  const [target, k] = [reference.targets[0]!, 12];
  const rows = range(0, k);
  const support = referenceForward(target.phiScale, rows);
  const clean = Float64Array.from(target.latencyMs.slice(0, k));
  const queries = referenceForward(target.phiScale, range(50, 70));
  const errorOf = (latencyMs: Float64Array, outlierShare?: number): number => {
    const { latencyMs: predicted } = predict(
      adaptTarget(referenceParameters, hash, support, latencyMs, outlierShare === undefined ? {} : { outlierShare }),
      queries,
    );
    const truth = target.latencyMs.slice(50, 70);
    return predicted.reduce((sum, ms, i) => sum + Math.abs(Math.log(ms / truth[i]!)), 0) / truth.length;
  };

  // With P = 32 features, twelve measurements are explained by nearly anything: only small features tell.
  const tame = { ...support, phi: support.phi.map((v) => v / 8) };
  const ofMean = (factor: number): Float64Array =>
    Float64Array.from(
      rows,
      (i) => (i === 7 ? factor : 1) * 5 * Math.exp(support.lnMean[2 * i]!) * (1 + 0.01 * Math.sin(9 * i)),
    );

  test('is held apart and named, and there is none where all agree', () => {
    expect(adaptTarget(referenceParameters, hash, tame, ofMean(1)).outliers).toEqual([]);
    for (const factor of [1 / 5, 1 / 3, 3, 5, 20]) {
      expect(adaptTarget(referenceParameters, hash, tame, ofMean(factor)).outliers, `× ${factor}`).toEqual([7]);
    }
  });

  test('hardly moves the predictions, unless every measurement is taken at its word', () => {
    const predictions = (factor: number, share?: number) =>
      predict(
        adaptTarget(
          referenceParameters,
          hash,
          tame,
          ofMean(factor),
          share === undefined ? {} : { outlierShare: share },
        ),
        tame,
      ).latencyMs;
    const without = predictions(1);
    const shift = (other: Float64Array) => Math.max(...other.map((ms, i) => Math.abs(Math.log(ms / without[i]!))));
    expect(shift(predictions(5))).toBeLessThan(0.05);
    expect(shift(predictions(5, 0))).toBeGreaterThan(0.1);
  });

  test('is not suspected in measurements that the reference explains', () => {
    const scores = [errorOf(clean), errorOf(clean, 0)];
    expect(scores[0]).toBeLessThan(1.05 * scores[1]!);
  });
});
