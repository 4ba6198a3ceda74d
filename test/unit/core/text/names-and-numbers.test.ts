import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import { editDistance } from '#core/text/edit-distance.ts';
import { nearestNames } from '#core/text/nearest-names.ts';
import { significant, significantEach } from '#core/text/significant.ts';

describe('edit distance', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['same', 'same', 0],
    ['flaw', 'lawn', 2],
  ])('%s → %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearest names', () => {
  const names = ['1080ti_1', 'gold_6240', 'pixel3', 'silver_4114', 'titan_rtx_1', 'titanx_1', 'titanx_32'];
  test.each([
    ['titanx', ['titanx_1', 'titanx_32']],
    ['gold6240', ['gold_6240']],
    ['Pixel-3', ['pixel3']],
    ['TITAN-RTX-1', ['titan_rtx_1']],
  ])('%s', (given, first) => {
    expect(nearestNames(given, names).slice(0, first.length)).toEqual(first);
  });
  test.each([
    ['jetsn', ['jetson-nano-ort', 'nvidia-jetson-orin-tensorrt']],
    ['orin tensort', ['nvidia-jetson-orin-tensorrt']],
  ])('%s is mistyped for words of a name', (given, first) => {
    const boards = ['titanx', 'titanxp', '1080ti', 'nvidia-jetson-orin-tensorrt', 'jetson-nano-ort', 'pixel3'];
    expect(nearestNames(given, boards).slice(0, first.length)).toEqual(first);
  });
  test('as many as asked for, and none of none', () => {
    expect(nearestNames('x', names, 2)).toHaveLength(2);
    expect(nearestNames('x', [])).toEqual([]);
  });
});

describe('significant digits', () => {
  test.each([
    [12.3456789, 6, 12.3457],
    [0.000123456789, 6, 0.000123457],
    [1234567.89, 6, 1234570],
    [-2.5, 6, -2.5],
    [0, 6, 0],
    [9.999996, 6, 10],
    [1e-30, 6, 1e-30],
  ])('%f to %i digits is %f', (x, digits, expected) => {
    expect(significant(x, digits)).toBe(expected);
  });
  test('of many numbers are those of each', () => {
    const values = [12.3456789, 99.9999996, 10, 9.999996, 1e-30, 0.000123456, 0, -2.5, 12.5, Infinity, 1e25, 3];
    expect(significantEach(Float64Array.from(values), 6)).toEqual(values.map((x) => significant(x, 6)));
    fc.assert(
      fc.property(fc.float64Array(), (some) => {
        expect(significantEach(some, 6)).toEqual(Array.from(some, (x) => significant(x, 6)));
      }),
    );
  });
  test('prints with at most so many digits and is as near as they allow', () => {
    const latencies = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(latencies, (x) => {
        const short = significant(x, 6);
        expect(
          JSON.stringify(short)
            .replace(/e.*$/, '')
            .replace(/[-.]/g, '')
            .replace(/^0+|0+$/g, '').length,
        ).toBeLessThanOrEqual(6);
        expect(Math.abs(short - x) / x).toBeLessThanOrEqual(5.000001e-6);
      }),
    );
  });
});

describe('cursor', () => {
  test('comes back as the key it was made from', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(decodeCursor('targets/', encodeCursor('targets/', `targets/${name}`))).toBe(`targets/${name}`);
      }),
    );
  });
  test.each([
    ['of another list', encodeCursor('targets/fbnet/', 'targets/fbnet/a.json')],
    ['that leaves its list', encodeCursor('targets/', 'tokens/a.json')],
    ['of nothing', 'hello'],
    ['that is empty', ''],
  ])('a cursor %s is refused', (_, cursor) => {
    expect(() => decodeCursor('targets/', cursor)).toThrow(/not a cursor of this list/);
  });
});
