import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const nasbench201 = searchSpace('nasbench201');
const cells = [...nasbench201.enumerate!()].map(nasbench201.format);
const [a, b, c] = [cells[1]!, cells[20]!, cells[300]!];

const read = (text: string, space = nasbench201) => parseLatencyTable(text, { file: 'mine.csv', space });

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    expect((error as DomainError).code).toBe('invalid-table');
    return (error as DomainError).message;
  }
  throw new Error('was accepted');
}

test.each([
  ['nasbench201', 15_625, 21],
  ['fbnet', 5000, 21],
  ['ofa', 5000, 9],
])('reads the shipped table of %s', (id, rows, targets) => {
  const bytes = readFileSync(new URL(`../../../../data/latency-${id}.csv.gz`, import.meta.url));
  const table = parseLatencyTable(gunzipSync(bytes).toString('utf8'), { file: id, space: searchSpace(id) });
  expect(table.searchSpace).toBe(id);
  expect(table.texts).toHaveLength(rows);
  expect(table.architectures).toHaveLength(rows);
  expect(table.targets).toHaveLength(targets);
  expect(table.exclusions).toEqual([]);
  for (const { latencyMs } of table.targets) expect(latencyMs.every((value) => value > 0)).toBe(true);
});

test('keeps the order of rows and columns, wherever the architecture column stands', () => {
  const table = read(`pi5,architecture,nano\n1.5,${a}, 2\n3e1,${b},.5\n`);
  expect(table.texts).toEqual([a, b]);
  expect(table.architectures.map(nasbench201.format)).toEqual([a, b]);
  expect(table.targets).toMatchObject([
    { id: 'pi5', latencyMs: Float64Array.of(1.5, 30) },
    { id: 'nano', latencyMs: Float64Array.of(2, 0.5) },
  ]);
});

test('takes what RFC 4180 and common programs write: quotes, CRLF, a byte order mark, no or several last line ends', () => {
  const expected = read(`architecture,"pi ""5"", hot"\n${a},1\n${b},2\n`);
  expect(expected.targets[0]!.id).toBe('pi "5", hot');
  for (const text of [
    `\ufeffarchitecture,"pi ""5"", hot"\r\n"${a}","1"\r\n${b},2\r\n`,
    `architecture,"pi ""5"", hot"\n${a},1\n${b},2`,
    `architecture,"pi ""5"", hot"\n${a},1\n${b},2\n\n\n`,
  ]) {
    expect(read(text)).toEqual(expected);
  }
});

test('zero, negative and non-finite latencies are excluded and counted by target and reason', () => {
  const table = read(
    `architecture,clean,zero,mixed\n${a},1,0,nan\n${b},2,0.000,-3\n${c},3,5,Infinity\n${cells[9]},4,6,1e999\n`,
  );
  expect(table.targets.map(({ latencyMs }) => [...latencyMs])).toEqual([
    [1, 2, 3, 4],
    [Number.NaN, Number.NaN, 5, 6],
    [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
  ]);
  expect(table.exclusions).toEqual([
    { file: 'mine.csv', target: 'zero', reason: 'not-a-latency', count: 2 },
    { file: 'mine.csv', target: 'mixed', reason: 'missing', count: 3 },
    { file: 'mine.csv', target: 'mixed', reason: 'not-a-latency', count: 1 },
  ]);
});

test('so are those that no device has, whatever their unit', () => {
  const table = read(`architecture,long [s],short\n${a},1e300,1e-300\n${b},1e6,1e-6\n${c},1.1e6,9e-7\n`);
  expect(table.targets.map(({ latencyMs }) => [...latencyMs])).toEqual([
    [Number.NaN, 1e9, Number.NaN],
    [Number.NaN, 1e-6, Number.NaN],
  ]);
  expect(table.exclusions.map(({ reason, count }) => [reason, count])).toEqual([
    ['not-a-latency', 2],
    ['not-a-latency', 2],
  ]);
});

const twoOfAName = 'two columns have this name; accepted: one, or a row of batch sizes below the header that differ';

describe('refuses, naming file, row and column', () => {
  test.each([
    ['', 'mine.csv, row 1: the table is empty; the first row names the columns'],
    [
      `arch,pi5\nx,1\n`,
      'mine.csv, row 1: there is no column "architecture"; there are "arch, pi5"; accepted: a column of that name',
    ],
    ['architecture\n', 'mine.csv, row 1: there is no target column; accepted: a column of latencies for each target'],
    ['architecture,pi5\n', 'mine.csv, row 2: there is no row after the header'],
    [`architecture,pi5,pi5\n${a},1,2\n`, `mine.csv, row 1, column "pi5": ${twoOfAName}`],
    [`architecture,architecture,pi5\n${a},${a},2\n`, `mine.csv, row 1, column "architecture": ${twoOfAName}`],
    [
      `architecture,,pi5\n${a},1,2\n`,
      'mine.csv, row 1: column 2 has no name; accepted: a name for each column with latencies',
    ],
    [`architecture,pi5\n${a},1\n${b}\n`, 'mine.csv, row 3: the number of fields is 1; the header has 2'],
    [
      `architecture,pi5\n${a},1,7\n`,
      'mine.csv, row 2: the number of fields is 3; the header has 2; a field with "," in it is quoted: "…"',
    ],
    [
      `architecture,pi5\n${a},1\n${b},fast\n`,
      'mine.csv, row 3, column "pi5": "fast" is not a number; accepted: a latency such as 8.2, an empty field or NA ' +
        'where there is none',
    ],
    [
      `architecture,pi5\n${a},1\n${b},2\n${a},3\n`,
      `mine.csv, row 4, column "architecture": architecture ${JSON.stringify(a)} stands in row 2 already; ` +
        'accepted: one row an architecture',
    ],
  ])('%j', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  test.each(['0x10', '1_000', '1,5'.replace(',', ';'), '--1', '1e', '.', '8.2 kg', '12 %', '１'])(
    '%j is not a number',
    (field) => {
      expect(refusal(`architecture,pi5\n${a},${field}\n`)).toMatch(/row 2, column "pi5": .* is not a number/);
    },
  );

  test('a malformed architecture, with the reason', () => {
    const message = refusal(`architecture,pi5\n${a},1\n${b.replace('none~0', 'nnoe~0')},2\n`);
    expect(message).toMatch(
      /^mine\.csv, row 3, column "architecture": not a NAS-Bench-201 architecture: edge 0→1 is "nnoe~0"/,
    );
  });

  test('text that is not CSV, with the row', () => {
    expect(refusal(`architecture,pi5\n${a},1\n"${b},2\n`)).toMatch(/^mine\.csv, row 3: not CSV/);
    expect(refusal(`architecture,pi5\n${a},1\n${b},2"2\n`)).toMatch(/^mine\.csv, row 3: not CSV/);
  });
});

test('property: any text gives a table or an invalid-table error', () => {
  const pieces = fc.constantFrom('architecture', 'pi5', ',', '\n', '"', a, b, '1.5', '0', 'nan', '\r\n', ' ', '\ufeff');
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      let table: LatencyTable;
      try {
        table = read(text);
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
        expect((error as DomainError).code).toBe('invalid-table');
        return;
      }
      expect(table.texts.length).toBeGreaterThan(0);
      for (const { latencyMs } of table.targets) expect(latencyMs).toHaveLength(table.texts.length);
    }),
    { numRuns: 500 },
  );
});
