import { expect, test } from 'vitest';
import { perInference } from '#agent/cachegrind/count-inferences.ts';
import { parseTotals } from '#agent/cachegrind/totals.ts';

/** As valgrind 3.19.0 wrote it, without the lines of functions. */
const written = (summary: string): string => `desc: I1 cache:         32768 B, 64 B, 8-way associative
desc: LL cache:         8388608 B, 64 B, 16-way associative
cmd: node --jitless -e (...)
events: Ir I1mr ILmr Dr D1mr DLmr Dw D1mw DLmw
fl=???
fn=???
0 139 1 1 24 0 0 40 0 0
summary: ${summary}
`;
const before = parseTotals(written('303809277 1839962 93097 82276913 1243969 188800 45100808 598149 340092'))!;
const after = parseTotals(written('313892978 1899376 94026 87515842 1522759 197585 49860874 790870 404740'))!;

test('totals are read by the names of their events', () => {
  expect(before).toEqual({
    ...{ Ir: 303809277, I1mr: 1839962, ILmr: 93097, Dr: 82276913, D1mr: 1243969, DLmr: 188800 },
    ...{ Dw: 45100808, D1mw: 598149, DLmw: 340092 },
  });
  expect(parseTotals('events: Ir\nsummary: 12\n')).toBeUndefined();
  expect(parseTotals(written('1 2 3'))).toBeUndefined();
  expect(parseTotals('')).toBeUndefined();
});

test('counters are what ten inferences more cost, each', () => {
  const values = Object.fromEntries(Array.from(perInference(before, after, 10), ([name, { value }]) => [name, value]));
  expect(values).toEqual({
    instructions: 1008370.1,
    // 59,414 + 278,790 + 192,721 and 929 + 8,785 + 64,648.
    'cache-references': 53092.5,
    'cache-misses': 7436.2,
    'L1-dcache-loads': 523892.9,
    'L1-dcache-load-misses': 27879,
    'LLC-loads': 27879,
    'LLC-load-misses': 878.5,
    'LLC-stores': 19272.1,
    'LLC-store-misses': 6464.8,
  });
  expect(perInference(before, before, 10).get('instructions')).toEqual({
    value: 0,
    event: 'Ir with L1 32768,8,64, LL 8388608,16,64',
    source: 'cachegrind',
  });
});
