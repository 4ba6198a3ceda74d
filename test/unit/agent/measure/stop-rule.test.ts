import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createSampling,
  createWarmUp,
  relativeHalfWidth,
  type SamplingRule,
  type Verdict,
} from '#agent/measure/stop-rule.ts';
import { seededRandom } from '#core/random.ts';

const sampling: SamplingRule = { minRuns: 30, maxRuns: 1000, minMs: 0, maxMs: 1e6, tolerance: 0.01 };

function runUntilVerdict(rule: SamplingRule, next: (i: number) => number): { verdict: Verdict; runs: number } {
  const add = createSampling(rule);
  for (let i = 0; ; i++) {
    const verdict = add(next(i));
    if (verdict !== 'more') return { verdict, runs: i + 1 };
  }
}

test('the half width is the t interval of ten block medians, by hand', () => {
  // Blocks of one sample: medians 1..10, mean 5.5, variance 55/6, half width 2.262·sqrt(55/60)/5.5.
  expect(relativeHalfWidth([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toBeCloseTo((2.262 * Math.sqrt(55 / 60)) / 5.5, 12);
  expect(relativeHalfWidth([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeUndefined();
  expect(relativeHalfWidth(new Array<number>(10).fill(2))).toBe(0);
});

test('steady samples stop at the least number of runs', () => {
  expect(runUntilVerdict(sampling, () => 2)).toEqual({ verdict: 'stable', runs: 30 });
  expect(runUntilVerdict({ ...sampling, minMs: 100 }, () => 2).runs).toBeGreaterThanOrEqual(50);
});

test('noise needs more samples than steadiness, and too much of it ends as unstable', () => {
  const random = seededRandom(1);
  const noisy = runUntilVerdict(sampling, () => 10 * Math.exp(0.04 * random.normal()));
  expect(noisy.verdict).toBe('stable');
  expect(noisy.runs).toBeGreaterThan(30);
  expect(runUntilVerdict(sampling, () => 10 * Math.exp(0.8 * random.normal()))).toEqual({
    verdict: 'unstable',
    runs: 1000,
  });
});

test('a steady rise is never called stable', () => {
  expect(runUntilVerdict(sampling, (i) => 10 + i * 0.05).verdict).toBe('unstable');
});

test('the time limit ends it', () => {
  const random = seededRandom(2);
  const { verdict, runs } = runUntilVerdict({ ...sampling, maxMs: 2000 }, () => 100 * Math.exp(0.5 * random.normal()));
  expect(verdict).toBe('unstable');
  expect(runs).toBeLessThan(40);
});

test('warm-up lasts while runs get faster, and no longer than its limit', () => {
  const rule = { minRuns: 6, windowMs: 20, tolerance: 0.02, maxMs: 1000 };
  const countRuns = (latency: (i: number) => number): number => {
    const done = createWarmUp(rule);
    for (let i = 0; ; i++) if (done(latency(i))) return i + 1;
  };
  expect(countRuns(() => 10)).toBe(6); // Two windows of three runs.
  expect(countRuns((i) => 10 + 40 * 0.8 ** i)).toBeGreaterThan(12);
  expect(countRuns((i) => 10 * 1.5 ** (i % 7))).toBeLessThanOrEqual(100);
});

test('sampling ends within its limits whatever the samples are', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 }), (cycle) => {
      const { runs } = runUntilVerdict({ ...sampling, maxRuns: 200 }, (i) => cycle[i % cycle.length]!);
      expect(runs).toBeLessThanOrEqual(200);
    }),
  );
});
