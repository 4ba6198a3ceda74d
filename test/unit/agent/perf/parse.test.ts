import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePerfCsv } from '#agent/perf/parse-csv.ts';
import { parsePerfJson } from '#agent/perf/parse-json.ts';
import { eventName, type PerfRow } from '#agent/perf/row.ts';

const folder = new URL('../../../fixtures/perf/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const brief = (rows: readonly PerfRow[]): unknown[] => rows.map((row) => [row.event, row.value, row.runningPercent]);

describe('recorded output', () => {
  test('CSV: software events count, hardware events of a machine without a PMU are unsupported, not zero', () => {
    const { rows, other } = parsePerfCsv(read('recorded/csv.txt'));
    expect(other).toEqual([]);
    expect(rows.map((row) => row.event)).toEqual([
      ...['task-clock', 'page-faults', 'context-switches', 'cpu-migrations'],
      ...['cycles', 'instructions', 'cache-references', 'cache-misses'],
    ]);
    expect(rows[0]).toEqual({ event: 'task-clock', value: 0.7, unit: 'msec', runtimeNs: 697288, runningPercent: 100 });
    expect(rows[3]).toMatchObject({ value: 0, runtimeNs: 697288 });
    // perf prints 100 % beside a counter that does not exist.
    expect(rows[4]).toEqual({ event: 'cycles', value: 'unsupported', unit: '', runtimeNs: 0, runningPercent: 100 });
  });

  test('the header of -o is no row', () => {
    const { rows, other } = parsePerfCsv(read('recorded/csv-output-file.txt'));
    expect(rows).toHaveLength(8);
    expect(other).toEqual([expect.stringMatching(/^# started on /)]);
    expect(parsePerfJson(read('recorded/json-output-file.txt')).rows).toHaveLength(8);
  });

  test('repeats: the variance stands before the running time', () => {
    const { rows } = parsePerfCsv(read('recorded/csv-repeats.txt'));
    expect(rows[0]).toEqual({
      event: 'task-clock',
      value: 0.96,
      unit: 'msec',
      variancePercent: 9.12,
      runtimeNs: 964992,
      runningPercent: 100,
    });
    expect(parsePerfJson(read('recorded/json-repeats.txt')).rows[0]).toMatchObject({ variancePercent: 7.1 });
  });

  test('intervals: the time is no value, and a window without the process is not counted', () => {
    const { rows } = parsePerfCsv(read('recorded/csv-intervals.txt'));
    expect(rows).toHaveLength(8);
    expect(rows[0]).toMatchObject({ intervalS: 0.050102856, event: 'task-clock', value: 0.74 });
    expect(rows[2]).toMatchObject({ intervalS: 0.10035233, event: 'task-clock', value: 'not-counted' });
    const json = parsePerfJson(read('recorded/json-intervals.txt')).rows;
    expect(json).toHaveLength(8);
    expect(json[2]).toMatchObject({ intervalS: 0.10047327, value: 'not-counted' });
  });

  test('per core and per CPU: the place and the number of CPUs are no values', () => {
    expect(parsePerfCsv(read('recorded/csv-per-core.txt')).rows[0]).toEqual({
      aggregate: 'S0-D0-C0',
      event: 'task-clock',
      value: 51.31,
      unit: 'msec',
      runtimeNs: 51306909,
      runningPercent: 100,
    });
    expect(parsePerfCsv(read('recorded/csv-per-cpu.txt')).rows[3]).toMatchObject({
      aggregate: 'CPU1',
      event: 'cycles',
      value: 'unsupported',
    });
    expect(parsePerfJson(read('recorded/json-per-core.txt')).rows[0]).toMatchObject({ aggregate: 'S0-D0-C0' });
  });

  test('a message line among rows is set aside', () => {
    const { rows, other } = parsePerfCsv(read('recorded/csv-never-enabled.txt'));
    expect(other).toEqual(['Events disabled']);
    expect(brief(rows)).toEqual([
      ['task-clock', 'not-counted', 100],
      ['cycles', 'unsupported', 100],
    ]);
  });

  test('the same run as CSV and as JSON gives the same events', () => {
    const csv = parsePerfCsv(read('recorded/csv.txt')).rows;
    const json = parsePerfJson(read('recorded/json.txt')).rows;
    expect(json.map((row) => [row.event, row.unit, typeof row.value])).toEqual(
      csv.map((row) => [row.event, row.unit, typeof row.value]),
    );
  });

  test.each(['human.txt', 'unknown-event.txt', 'not-permitted.txt'])('%s has no rows', (name) => {
    expect(parsePerfCsv(read(`recorded/${name}`)).rows).toEqual([]);
    expect(parsePerfJson(read(`recorded/${name}`)).rows).toEqual([]);
  });
});

describe('output published by others', () => {
  test('hybrid CPU, CSV: one row a PMU, and rows of metrics only are set aside', () => {
    const { rows, other } = parsePerfCsv(read('published/hybrid-csv-commas.txt'), ',');
    expect(other).toHaveLength(6);
    expect(brief(rows.slice(4, 6))).toEqual([
      ['cpu_core/cycles/', 6766433, 100],
      ['cpu_atom/cycles/', 256500230, 54],
    ]);
  });

  test('hybrid CPU, JSON with quoted metric values', () => {
    const { rows, other } = parsePerfJson(read('published/hybrid-json.txt'));
    expect(other).toHaveLength(3);
    expect(brief(rows.slice(2, 4))).toEqual([
      ['cpu_core/cycles/', 18685492, 100],
      ['cpu_atom/cycles/', 255620352, 54],
    ]);
  });

  test('a PMU that the process never ran on is not counted; absent metric keys do not matter', () => {
    expect(brief(parsePerfJson(read('published/hybrid-one-pmu-json.txt')).rows)).toEqual([
      ['cpu_atom/branch-misses/', 'not-counted', 0],
      ['cpu_core/branch-misses/', 5778, 100],
    ]);
  });

  test('a multiplexed counter keeps its percentage', () => {
    const { rows } = parsePerfJson(read('published/hardware-multiplexed-json.txt'));
    expect(rows[2]).toMatchObject({ event: 'cycles', value: 1419380, runningPercent: 10, runtimeNs: 139903 });
  });

  test('a plain user counts user mode', () => {
    expect(brief(parsePerfCsv(read('published/user-mode-csv-commas.txt'), ',').rows).at(0)).toEqual([
      'task-clock:u',
      1.2,
      100,
    ]);
    expect(parsePerfJson(read('published/intervals-json.txt')).rows).toHaveLength(3);
  });
});

describe('forms written from the documentation', () => {
  test.each([
    ['hybrid-one-pmu-csv.txt', ['cpu_core/cycles/u', 1843201, 100]],
    ['old-layout-no-metric.txt', ['task-clock', 0.812345, 100]],
    ['repeats-multiplexed-csv.txt', ['cycles', 90412331, 83]],
    ['arm-raw-events.txt', ['armv8_cortex_a76/cpu_cycles/', 50123456, 100]],
    ['threshold-column-csv.txt', ['branch-misses', 5778, 100]],
  ])('%s', (name, first) => {
    const { rows, other } = parsePerfCsv(read(`constructed/${name}`));
    expect(other).toEqual([]);
    expect(brief(rows)[0]).toEqual(first);
  });
});

test('event names lose their modifiers and keep their PMU', () => {
  expect(eventName('cycles')).toEqual({ name: 'cycles', pmu: undefined });
  expect(eventName('cycles:u')).toEqual({ name: 'cycles', pmu: undefined });
  expect(eventName('cpu_core/cycles/u')).toEqual({ name: 'cycles', pmu: 'cpu_core' });
});

test('a count of zero by a counter that never ran is no count', () => {
  expect(parsePerfCsv('0;;cycles;0;0.00;;').rows[0]?.value).toBe('not-counted');
  expect(parsePerfCsv('0;;cycles;5;100.00;;').rows[0]?.value).toBe(0);
});

test('both parsers are total, and keep every line that says something', () => {
  const pieces = fc.constantFrom(
    ...['<not counted>', '<not supported>', '12', '0.5', '-1', 'nan', 'cycles', '', '%', '1.00%', '{', '"event":', '}'],
    ...[';', ',', '\n', '\r\n', ' ', '\u0000', '{"counter-value" : "1", "event" : "x"}', '[]', 'null', '1e999'],
  );
  const lines = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(lines, (text) => {
      const said = text.split(/\r?\n/).filter((line) => line.trim() !== '').length;
      for (const { rows, other } of [parsePerfCsv(text), parsePerfCsv(text, ','), parsePerfJson(text)]) {
        expect(rows.length + other.length).toBe(said);
        for (const row of rows) {
          expect(row.event).not.toBe('');
          if (typeof row.value === 'number') expect(row.value >= 0 && Number.isFinite(row.value)).toBe(true);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('a file of every recorded form is read without a lost row', () => {
  for (const name of readdirSync(new URL('recorded/', folder))) {
    if (!/^(csv|json)/.test(name)) continue;
    const parse = name.startsWith('json')
      ? parsePerfJson
      : (text: string) => parsePerfCsv(text, /commas/.test(name) ? ',' : ';');
    const { rows, other } = parse(read(`recorded/${name}`));
    expect(rows.length, name).toBeGreaterThan(0);
    for (const line of other) expect(line, name).toMatch(/^(# started on|Events disabled)/);
  }
});
