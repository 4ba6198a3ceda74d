// The small arithmetic of the report: numbers as written, errors and quantiles, means over devices, thinning.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { correlation, decimal, milliseconds, percent, plural, signed, utcMinute, whole } from '#report/format.ts';
import { meanOf, reportedMetrics, verdict } from '#report/metrics.ts';
import { bandOf, quantileOrNull, relativeErrors, shareWithin } from '#report/relative-errors.ts';
import { thin } from '#report/thin.ts';
import { score, workload } from '../../fixtures/report-input.ts';

test('numbers as people read them', () => {
  expect([percent(0.8423), percent(1, 0), percent(null), percent(undefined)]).toEqual(['84.2 %', '100 %', '–', '–']);
  expect([correlation(0.9512), correlation(-0.2), correlation(null)]).toEqual(['0.951', '−0.200', '–']);
  expect([milliseconds(0.012345), milliseconds(12.345), milliseconds(12345.6)]).toEqual([
    '0.0123 ms',
    '12.3 ms',
    '12,346 ms',
  ]);
  expect([signed(1.94), signed(-0.31), signed(-0.04), signed(0.0004, 3)]).toEqual(['+1.9', '−0.3', '±0.0', '±0.000']);
  expect([whole(0), whole(999), whole(15625), whole(1234567)]).toEqual(['0', '999', '15,625', '1,234,567']);
  expect(decimal(-2.125, 3)).toBe('−2.125');
  expect(utcMinute('2026-11-23T23:59:59.999Z')).toBe('2026-11-23 23:59 UTC');
  expect([plural(1, 'target'), plural(2000, 'target')]).toEqual(['1 target', '2,000 targets']);
});

test('errors are relative to the measurement; a band holds its bounds', () => {
  expect(relativeErrors({ target: 'a', ...workload, measuredMs: [2, 4], predictedMs: [3, 3] })).toEqual([0.5, -0.25]);
  expect([0.05, -0.05, 0.0501, -0.1, 0.1001].map(bandOf)).toEqual([
    'within5',
    'within5',
    'within10',
    'within10',
    'beyond',
  ]);
  expect(shareWithin([-0.1, 0.1, 0.11, -0.2], 0.1)).toBe(0.5);
  expect(shareWithin([], 0.1)).toBeNull();
});

test('quantiles interpolate between neighbours', () => {
  expect([0, 0.25, 0.5, 1].map((q) => quantileOrNull([1, 2, 4, 8], q))).toEqual([1, 1.75, 3, 8]);
  expect(quantileOrNull([5], 0.3)).toBe(5);
  expect(quantileOrNull([], 0.5)).toBeNull();
});

test('a mean counts every device once, whatever its number of targets', () => {
  const scores = [
    score({ device: 'a', within10: 0.2 }),
    score({ device: 'b', within10: 0.6 }),
    score({ device: 'b', within10: 0.8 }),
    score({ device: 'b', within10: null }),
    score({ device: 'c', within10: null }),
  ];
  expect(meanOf(scores, 'within10')).toBeCloseTo((0.2 + 0.7) / 2, 12);
  expect(meanOf([], 'within10')).toBeNull();
});

test('good news, bad news, and none', () => {
  expect(verdict(reportedMetrics.within10, 0.01)).toBe('better');
  expect(verdict(reportedMetrics.within10, -0.01)).toBe('worse');
  expect(verdict(reportedMetrics.medianApe, -0.01)).toBe('better');
  expect(verdict(reportedMetrics.within10, 0.0004)).toBe('same');
  expect(verdict(reportedMetrics.coverage90, 0.05)).toBe('same');
});

test('thinning keeps the first, the last, the order, and the number asked for', () => {
  expect(thin([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([0, 4, 8]);
  fc.assert(
    fc.property(fc.nat(500), fc.integer({ min: 2, max: 50 }), (count, most) => {
      const items = Array.from({ length: count }, (_, i) => i);
      const kept = thin(items, most);
      expect(kept).toHaveLength(Math.min(count, most));
      expect([kept[0], kept.at(-1)]).toEqual([items[0], items.at(-1)]);
      expect(new Set(kept).size).toBe(kept.length);
      expect(kept).toEqual(kept.toSorted((a, b) => a - b));
    }),
  );
});
