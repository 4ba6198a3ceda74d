// Adaptation against the Python reference: every hypothesis, and their mixture, from one measurement to fifty.
import { describe, expect, test } from 'vitest';
import { adaptationSchema, adaptFromForward, targetPosteriorSchema } from '#core/predictor/adaptation/adaptation.ts';
import { logPredictive, predict } from '#core/predictor/adaptation/posterior-predictive.ts';
import type { PredictorParameters } from '#core/predictor/bundle.ts';
import { heads, noiseLevels } from '#core/predictor/hypotheses.ts';
import type { Forward } from '#core/predictor/types.ts';
import { expectClose } from '../../onnx/finite-differences.ts';
import { range, reference, referenceForward, referenceParameters } from '../reference.ts';

const hypotheses = heads.flatMap((_, head) => noiseLevels.map((_, level) => ({ head, level })));

/** A predictor of one hypothesis only: nothing is averaged or dropped. */
function alone(head: number, level: number): PredictorParameters {
  return {
    ...referenceParameters,
    heads: [{ ...heads[head]!, mean: 0 }],
    noiseLevels: [noiseLevels[level]!],
    logPriors: [[0]],
  };
}

function onlyHead(forward: Forward, head: number): Forward {
  const rows = range(0, forward.count);
  const { mean } = heads[head]!;
  return {
    count: forward.count,
    lnMean: Float32Array.from(rows, (i) => forward.lnMean[2 * i + mean]!),
    phi: Float32Array.from(
      rows.flatMap((i) => [...forward.phi.subarray((3 * i + head) * 32, (3 * i + head + 1) * 32)]),
    ),
  };
}

const hash = 'f'.repeat(64);
/** Below this posterior probability a hypothesis is left out. */
const leastWeight = 1e-3;

describe.each(reference.targets)('$name', (target) => {
  const targets = referenceForward(target.phiScale, range(64, 70));

  describe.each(target.adaptation)('from $k', (expected) => {
    const support = referenceForward(target.phiScale, range(0, expected.k));
    const latencyMs = Float64Array.from(target.latencyMs.slice(0, expected.k));
    const weights = (() => {
      const best = Math.max(...expected.score);
      const raw = expected.score.map((s) => Math.exp(s - best));
      const total = raw.reduce((a, b) => a + b, 0);
      return raw.map((r) => r / total);
    })();

    test('every hypothesis: mean and variance of ln latency', () => {
      for (const [i, { head, level }] of hypotheses.entries()) {
        const adaptation = adaptFromForward(alone(head, level), hash, onlyHead(support, head), latencyMs, 0);
        const { means, deviations } = logPredictive(adaptation, onlyHead(targets, head));
        expectClose(means[0]!, expected.mean[i]!, 1e-7);
        expectClose(
          deviations[0]!.map((d, j) => (d * d) / expected.variance[i]![j]!),
          expected.variance[i]!.map(() => 1),
          // Stored to nine digits, of which cancellation takes some.
          5e-6,
        );
      }
    });

    test('the weights of those that are left standing', () => {
      const adaptation = adaptFromForward(referenceParameters, hash, support, latencyMs, 0);
      const standing = hypotheses.map((h, i) => ({ ...h, weight: weights[i]! })).filter((h) => h.weight >= leastWeight);
      const total = standing.reduce((sum, h) => sum + h.weight, 0);
      expect(adaptation.hypotheses.map((h) => [h.head, h.kind, h.mean, h.sigma])).toEqual(
        standing.map(({ head, level }) => [head, heads[head]!.kind, heads[head]!.mean, noiseLevels[level]]),
      );
      expectClose(
        Float64Array.from(adaptation.hypotheses, (h) => h.weight),
        standing.map((h) => h.weight / total),
        1e-8,
      );
      expect(adaptation.measurements).toBe(expected.k);
      expect(adaptation.predictorHash).toBe(hash);
    });

    test('the mixture: mean and standard deviation of ln latency', () => {
      const adaptation = adaptFromForward(referenceParameters, hash, support, latencyMs, 0);
      const { weights: own, means, deviations } = logPredictive(adaptation, targets);
      const { latencyMs: predicted } = predict(adaptation, targets);
      const kept = weights.map((w) => (w >= leastWeight ? w : 0));
      const total = kept.reduce((sum, w) => sum + w, 0);
      for (const j of range(0, targets.count)) {
        const mean = own.reduce((sum, w, h) => sum + w * means[h]![j]!, 0);
        const variance = own.reduce(
          (sum, w, h) => sum + w * (deviations[h]![j]! ** 2 + (means[h]![j]! - mean) ** 2),
          0,
        );
        const keptMean = kept.reduce((sum, w, h) => sum + (w / total) * expected.mean[h]![j]!, 0);
        const keptVariance = kept.reduce(
          (sum, w, h) => sum + (w / total) * (expected.variance[h]![j]! + (expected.mean[h]![j]! - keptMean) ** 2),
          0,
        );
        expect(mean).toBeCloseTo(keptMean, 6);
        expect(Math.abs(variance / keptVariance - 1)).toBeLessThan(1e-5);
        expect(predicted[j]).toBeCloseTo(Math.exp(mean), 12);
        // The hypotheses left out weigh at most .015 together and hardly move the reference's own mixture.
        const deviation = expected.mixtureDeviation[j]!;
        expect(Math.abs(mean - expected.mixtureMean[j]!)).toBeLessThan(0.02 * deviation);
        expect(Math.abs(Math.sqrt(variance) / deviation - 1)).toBeLessThan(0.02);
      }
    });
  });
});

describe('an adaptation', () => {
  const target = reference.targets[0]!;
  const support = referenceForward(1, range(0, 10));
  const latencyMs = Float64Array.from(target.latencyMs.slice(0, 10));
  const adaptation = adaptFromForward(referenceParameters, hash, support, latencyMs);

  test('is plain JSON that predicts the same after storage', () => {
    const stored = targetPosteriorSchema.parse(JSON.parse(JSON.stringify(adaptation)));
    expect(stored).toEqual(adaptation);
    const rows = referenceForward(1, range(64, 70));
    expect(predict(stored, rows)).toEqual(predict(adaptation, rows));
  });

  test('is kept by the service only with what was found out about it', () => {
    const found = { selfCheck: { leftOut: null, contradiction: null }, dataRevision: 1, expectedError: 0.1 };
    const kept = { ...adaptation, ...found };
    expect(adaptationSchema.parse(kept)).toEqual(kept);
    for (const name of Object.keys(found)) {
      expect(adaptationSchema.safeParse({ ...kept, [name]: undefined }).success, name).toBe(false);
    }
  });

  test('does not depend on the order of the measurements, nor on the unit of time', () => {
    const order = [3, 9, 0, 7, 5, 1, 8, 2, 6, 4];
    const shuffled = adaptFromForward(
      referenceParameters,
      hash,
      referenceForward(1, order),
      Float64Array.from(order, (i) => latencyMs[i]!),
    );
    const inMicroseconds = adaptFromForward(
      referenceParameters,
      hash,
      support,
      latencyMs.map((ms) => 1000 * ms),
    );
    const rows = referenceForward(1, range(64, 70));
    const expected = predict(adaptation, rows);
    for (const key of ['latencyMs', 'lowMs', 'highMs'] as const) {
      expectClose(predict(shuffled, rows)[key], expected[key], 1e-6);
      expectClose(
        predict(inMicroseconds, rows)[key].map((us) => us / 1000),
        expected[key],
        1e-6,
      );
    }
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('is refused for a latency of %d', (bad) => {
    expect(() => adaptFromForward(referenceParameters, hash, support, latencyMs.with(4, bad))).toThrow(
      expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining('measurement 4') }),
    );
  });

  test('is refused without measurements', () => {
    const none = referenceForward(1, []);
    expect(() => adaptFromForward(referenceParameters, hash, none, new Float64Array())).toThrow(
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
      adaptFromForward(referenceParameters, hash, support, latencyMs, outlierShare),
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
    expect(adaptFromForward(referenceParameters, hash, tame, ofMean(1)).outliers).toEqual([]);
    for (const factor of [1 / 5, 1 / 3, 3, 5, 20]) {
      expect(adaptFromForward(referenceParameters, hash, tame, ofMean(factor)).outliers, `× ${factor}`).toEqual([7]);
    }
  });

  test('hardly moves the predictions, unless every measurement is taken at its word', () => {
    const predictions = (factor: number, share?: number) =>
      predict(adaptFromForward(referenceParameters, hash, tame, ofMean(factor), share), tame).latencyMs;
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
