import { describe, expect, test } from 'vitest';
import { evaluateCommand, evaluateOptions } from '#cli/commands/evaluate.ts';
import { checkPlan } from '#cli/evaluate/check-plan.ts';
import { parseOptions } from '#command-line/parse-options.ts';
import type { LatencyTable } from '#core/dataset/table.ts';

const rows = 100;
const everywhere = Float64Array.from({ length: rows }, (_, row) => row + 1);
const only = (first: number, last: number): Float64Array =>
  everywhere.map((ms, row) => (row >= first && row <= last ? ms : Number.NaN));

const table: LatencyTable = {
  file: 'some.csv',
  searchSpace: 'nasbench201',
  architectures: Array.from({ length: rows }, () => new Uint8Array(6)),
  texts: Array.from({ length: rows }, (_, row) => `architecture ${row}`),
  targets: [
    { id: 'pool', latencyMs: everywhere },
    { id: 'whole', latencyMs: everywhere },
    { id: 'nine', latencyMs: everywhere.map((ms, row) => (row >= 9 && row < 64 ? Number.NaN : ms)) },
    { id: 'early', latencyMs: only(0, 69) },
    { id: 'late', latencyMs: only(0, 79) },
  ],
  exclusions: [],
};

function check(text: string): void {
  const given = `--search-space nasbench201 --train pool --train-rows 0-63 --measurements 3,10 ${text}`;
  checkPlan(table, evaluateOptions(parseOptions(given.split(' '), evaluateCommand).values));
}

describe('a plan against its tables', () => {
  test('that can be carried out passes', () => {
    expect(() => check('--test whole,late --test-rows 70-99')).not.toThrow();
    expect(() => check('--test early --test-rows 64-69')).not.toThrow();
  });

  test.each([
    ['--test other --test-rows 64-99', 'other'],
    ['--test pool --test-rows 64-99', 'in both --train and --test'],
    ['--test whole --test-rows 64-100', 'the table has 100 rows'],
    ['--test whole --test-rows 63-99', 'overlap'],
    ['--test whole --train-rows 50-99 --test-rows 0-49', 'to its last row'],
    ['--test nine --test-rows 64-99', "'nine' has 9 usable latencies in --train-rows 0-63; --measurements asks for 10"],
    ['--test early --test-rows 70-99', "'early' has no usable latency in --test-rows 70-99"],
    ['--test early --train-rows 0-69 --test-rows 70-99', 'no usable latency'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => check(text)).toThrow(message);
  });
});
