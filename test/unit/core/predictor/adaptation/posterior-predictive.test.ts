// Intervals and budget probabilities agree with each other, and on targets drawn from the model they are what they say.
import { describe, expect, test } from 'vitest';
import { type Adaptation, adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { noiseLevels } from '#core/predictor/hypotheses.ts';
import type { Forward, PredictOptions } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { noiseLogits, range, reference, referenceForward, referenceHeads, referenceParameters } from '../reference.ts';

const hash = '0'.repeat(64);
const predict = (adaptation: Adaptation, forward: Forward, options?: PredictOptions) =>
  predictLatencies(adaptation, referenceParameters.lowerings, forward, options);
const queries = (phiScale: number) => referenceForward(phiScale, range(40, 70));

const adaptations = reference.targets.flatMap((target) =>
  [1, 3, 10, 40].map((k) => ({
    name: `${target.name}, from ${k}`,
    forward: queries(target.phiScale),
    adaptation: adaptTarget(
      referenceParameters,
      hash,
      referenceForward(target.phiScale, range(0, k)),
      Float64Array.from(target.latencyMs.slice(0, k)),
    ),
  })),
);

describe.each(adaptations)('$name', ({ forward, adaptation }) => {
  const only = (i: number): Forward => ({
    count: 1,
    lnMean: forward.lnMean.slice(2 * i, 2 * i + 2),
    phi: forward.phi.slice(64 * i, 64 * i + 64),
  });

  test.each([0.5, 0.9, 0.99])('an interval of mass %d has half of the rest on either side', (confidence) => {
    const { lowMs, highMs } = predict(adaptation, forward, { confidence });
    for (let i = 0; i < forward.count; i += 5) {
      const at = (budgetMs: number) => predict(adaptation, only(i), { budgetMs }).withinBudgetProbability![0]!;
      expect(at(lowMs[i]!)).toBeCloseTo((1 - confidence) / 2, 4);
      expect(at(highMs[i]!)).toBeCloseTo((1 + confidence) / 2, 4);
    }
  });

  test('the probability of meeting a budget rises with it, from 0 to 1', () => {
    const { latencyMs } = predict(adaptation, forward);
    let previous: Float64Array = new Float64Array(forward.count);
    for (const factor of [0, 1e-6, 0.2, 0.5, 0.8, 0.9, 0.99, 1, 1.01, 1.1, 1.3, 2, 5, 1e9, Infinity]) {
      const budgetMs = factor * latencyMs[0]!;
      const { withinBudgetProbability } = predict(adaptation, forward, { budgetMs });
      withinBudgetProbability!.forEach((p, i) => {
        expect(p).toBeGreaterThanOrEqual(previous[i]! - 2e-7);
        expect(p).toBeLessThanOrEqual(1 + 1e-9);
      });
      previous = withinBudgetProbability!;
    }
    expect([...predict(adaptation, forward, { budgetMs: 0 }).withinBudgetProbability!].every((p) => p === 0)).toBe(
      true,
    );
    expect([...previous].every((p) => p > 1 - 1e-9)).toBe(true);
  });

  test('the prediction lies in its interval, and intervals widen with their mass', () => {
    const [half, ninety, wide] = [0.5, 0.9, 0.99].map((confidence) => predict(adaptation, forward, { confidence }));
    for (let i = 0; i < forward.count; i++) {
      expect(ninety!.lowMs[i]).toBeLessThanOrEqual(ninety!.latencyMs[i]!);
      expect(ninety!.highMs[i]).toBeGreaterThanOrEqual(ninety!.latencyMs[i]!);
      expect(wide!.lowMs[i]).toBeLessThan(ninety!.lowMs[i]!);
      expect(ninety!.lowMs[i]).toBeLessThan(half!.lowMs[i]!);
      expect(half!.highMs[i]).toBeLessThan(ninety!.highMs[i]!);
      expect(ninety!.highMs[i]).toBeLessThan(wide!.highMs[i]!);
    }
    expect(half!.latencyMs).toEqual(wide!.latencyMs);
  });

  test('without a budget there is no probability, and by default the interval has mass .9', () => {
    expect(predict(adaptation, forward)).toEqual(predict(adaptation, forward, { confidence: 0.9 }));
    expect(predict(adaptation, forward).withinBudgetProbability).toBeUndefined();
  });

  test('rows do not depend on each other', () => {
    const all = predict(adaptation, forward, { budgetMs: 10 });
    const alone = predict(adaptation, only(7), { budgetMs: 10 });
    for (const key of ['latencyMs', 'lowMs', 'highMs', 'withinBudgetProbability'] as const) {
      expect(alone[key]![0]).toBe(all[key]![7]);
    }
  });
});

test('an unlikely head far away does not draw the prediction out of its interval', () => {
  const head = {
    lowering: 'eager' as const,
    coordinates: [],
    weights: [],
    factor: [0],
    priorVariance: 0,
    noiseVariance: 0.003 ** 2,
  };
  const adaptation: Adaptation = {
    predictorHash: hash,
    measurements: 40,
    intervalScale: 1,
    heads: [
      { ...head, net: 0, form: 'linear', weight: 0.97, lnScale: 0 },
      { ...head, net: 1, form: 'linear', weight: 0.03, lnScale: 3 },
    ],
    outliers: [],
  };
  const { latencyMs, lowMs, highMs } = predict(adaptation, referenceForward(1, [0, 1, 2]));
  for (const i of [0, 1, 2]) {
    expect(latencyMs[i]).toBeGreaterThanOrEqual(lowMs[i]!);
    expect(latencyMs[i]).toBeLessThanOrEqual(highMs[i]!);
  }
});

/** A target drawn from the model itself: head and noise level by prior probability, w and noise normal. */
function drawTarget(seed: number) {
  const random = seededRandom(seed);
  const forward = referenceForward(1, range(0, 70));
  const h = random.integer(referenceHeads.length);
  const weights = noiseLogits[referenceHeads[h]!]!.map(Math.exp);
  let level = 0;
  for (let u = random.next() * weights.reduce((a, b) => a + b, 0); u > weights[level]!; level++) u -= weights[level]!;
  const w = Array.from({ length: 32 }, () => random.normal());
  const scale = random.logUniform(0.1, 1000);
  return Float64Array.from(range(0, 70), (row) => {
    const shift = w.reduce((sum, v, p) => sum + v * forward.phi[(2 * row + h) * 32 + p]!, 0);
    const noise = noiseLevels[level]! * random.normal();
    const m = scale * Math.exp(forward.lnMean[2 * row + h]!);
    return m * Math.max(1 + shift, 0.05) * (1 + Math.max(noise, -0.9));
  });
}

test.each([
  [1, 0.9],
  [3, 0.9],
  [10, 0.9],
  [10, 0.5],
  [40, 0.9],
])('from %i measurements of targets like the prior, intervals of mass %d cover that share', (k, confidence) => {
  const targets = 300;
  const rows = range(k, 70);
  let covered = 0;
  for (let seed = 0; seed < targets; seed++) {
    const latencyMs = drawTarget(seed);
    const support = referenceForward(1, range(0, k));
    const adaptation = adaptTarget(referenceParameters, hash, support, latencyMs.slice(0, k));
    const { lowMs, highMs } = predict(adaptation, referenceForward(1, rows), { confidence });
    covered +=
      rows.filter((row, i) => latencyMs[row]! >= lowMs[i]! && latencyMs[row]! <= highMs[i]!).length / rows.length;
  }
  // Rows of a target go together: the share's standard error is near 1 %.
  expect(Math.abs(covered / targets - confidence)).toBeLessThan(0.04);
});
