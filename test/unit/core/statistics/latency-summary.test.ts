import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summariseLatency, trimmedMean } from '#core/statistics/latency-summary.ts';

describe('latency summary', () => {
  it('computes median, trimmed mean and interquartile range by hand-checked rules', () => {
    // Sorted 1..10 and one outlier of 100: trimming one at each end leaves 2..10, mean 6. Quartiles at 3.5 and 8.5.
    expect(summariseLatency([100, 3, 1, 2, 7, 5, 4, 6, 10, 9, 8])).toEqual({
      medianMs: 6,
      trimmedMeanMs: 6,
      spreadMs: 5,
    });
    expect(summariseLatency([2, 4])).toEqual({ medianMs: 3, trimmedMeanMs: 3, spreadMs: 1 });
    expect(summariseLatency([7])).toEqual({ medianMs: 7, trimmedMeanMs: 7, spreadMs: 0 });
    expect(trimmedMean([1, 2, 3])).toBe(2);
  });

  it('lies between the extremes and does not change its argument', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.001, max: 1e5, noNaN: true }), { minLength: 1 }), (samples) => {
        const before = [...samples];
        const { medianMs, trimmedMeanMs, spreadMs } = summariseLatency(samples);
        const low = Math.min(...samples);
        const high = Math.max(...samples);
        expect(samples).toEqual(before);
        for (const value of [medianMs, trimmedMeanMs]) {
          expect(value).toBeGreaterThanOrEqual(low * (1 - 1e-12));
          expect(value).toBeLessThanOrEqual(high * (1 + 1e-12));
        }
        expect(spreadMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
