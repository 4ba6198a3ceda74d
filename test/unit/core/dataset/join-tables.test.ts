import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinTables } from '#core/dataset/join-tables.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const space = searchSpace('nasbench201');
const cells = [...space.enumerate!()].slice(0, 12).map(space.format);
const none = Number.NaN;

/** A table from columns of latencies; the rows are cells by number. */
function table(file: string, rows: number[], columns: Record<string, number[]>) {
  const ids = Object.keys(columns);
  const lines = rows.map((cell, row) => [cells[cell], ...ids.map((id) => columns[id]![row])].join(','));
  return parseLatencyTable([`architecture,${ids.join(',')}`, ...lines].join('\n'), { file, space });
}

test('one table is itself', () => {
  const alone = table('a.csv', [0, 1], { x: [1, 2] });
  expect(joinTables([alone])).toBe(alone);
});

test('joins on the architecture, not on the row', () => {
  const joined = joinTables([
    table('a.csv', [3, 1, 2], { x: [30, 10, 20] }),
    table('b.csv', [1, 2, 3], { y: [1, 2, 3] }),
  ]);
  expect(joined.texts).toEqual([cells[3], cells[1], cells[2]]);
  expect(joined.architectures.map(space.format)).toEqual(joined.texts);
  expect(joined.targets.map(({ id, latencyMs }) => [id, ...latencyMs])).toEqual([
    ['x', 30, 10, 20],
    ['y', 3, 1, 2],
  ]);
  expect(joined.exclusions).toEqual([]);
  expect(joined.file).toBe('a.csv + b.csv');
});

test('an architecture that one file lacks is not measured there, and counted; other exclusions are kept', () => {
  const joined = joinTables([table('a.csv', [0, 1], { x: [1, 0] }), table('b.csv', [2, 1, 4], { y: [7, 8, 9] })]);
  expect(joined.texts).toEqual([0, 1, 2, 4].map((cell) => cells[cell]));
  expect(joined.targets.map(({ latencyMs }) => [...latencyMs])).toEqual([
    [1, none, none, none],
    [none, 8, 7, 9],
  ]);
  expect(joined.exclusions).toEqual([
    { file: 'a.csv', target: 'x', reason: 'not-a-latency', count: 1 },
    { file: 'a.csv', target: 'x', reason: 'no-row', count: 2 },
    { file: 'b.csv', target: 'y', reason: 'no-row', count: 1 },
  ]);
});

test('a target in two files is one target; equal latencies may repeat', () => {
  const joined = joinTables([table('a.csv', [0, 1], { x: [1, 2] }), table('b.csv', [1, 2], { x: [2, 3] })]);
  expect(joined.targets).toMatchObject([{ id: 'x', latencyMs: Float64Array.of(1, 2, 3) }]);
  expect(joined.exclusions).toEqual([]);
});

test('refuses two latencies of one architecture on one target, two search spaces, and nothing', () => {
  const tables = [table('a.csv', [0, 1], { x: [1, 2] }), table('b.csv', [1], { x: [2.5] })];
  expect(() => joinTables(tables)).toThrow(/^target "x" has two latencies for .*: in a\.csv and b\.csv$/);
  const fbnet = searchSpace('fbnet');
  const other = parseLatencyTable(`architecture,x\n"${fbnet.example}",1`, { file: 'f.csv', space: fbnet });
  expect(() => joinTables([tables[0]!, other])).toThrow(/a\.csv is of nasbench201, f\.csv of fbnet/);
  expect(() => joinTables([])).toThrow(DomainError);
});

test('property: whichever way a table is split into files, the join has every latency', () => {
  const latencies = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 12, maxLength: 12 });
  const files = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(latencies, files, (values, fileOf) => {
      const parts = [0, 1, 2]
        .map((file) => cells.flatMap((_, cell) => (fileOf[cell] === file ? [cell] : [])))
        .filter((rows) => rows.length > 0)
        .map((rows, file) => table(`${file}.csv`, rows, { x: rows.map((cell) => values[cell]!) }));
      const joined = joinTables(parts);
      expect(Object.fromEntries(joined.texts.map((text, row) => [text, joined.targets[0]!.latencyMs[row]]))).toEqual(
        Object.fromEntries(cells.map((text, cell) => [text, values[cell]])),
      );
      expect(joined.exclusions).toEqual([]);
    }),
  );
});
