import { expect, test } from 'vitest';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { factsOf, measurementsOf } from '#scripts/start/shipped-tables.ts';

const space = searchSpace('nasbench201');
const rows = [
  '|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|',
  '|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|',
  '|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|',
];
const text = `architecture,pixel3,titanx_32,essential_ph_1\n${rows.map((row, i) => `${row},${[0, 2.5, 3][i]},${i + 1},9`).join('\n')}\n`;
const table = parseLatencyTable(text, { file: 'small.csv', space });

test('a table becomes targets, with what was left out', () => {
  expect(factsOf(table)).toMatchObject([
    {
      searchSpace: 'nasbench201',
      targetId: 'pixel3',
      title: 'pixel3',
      measurements: 2,
      excluded: { 'not-a-latency': 1 },
    },
    { targetId: 'titanx_32', title: 'titanx, batch size 32', measurements: 3, excluded: {}, source: 'table' },
    { targetId: 'essential_ph_1', title: 'essential_ph_1', measurements: 3 },
  ]);
});

test('and measurements, without the rows that have none', () => {
  expect(measurementsOf(table, 'pixel3').map((m) => [space.format(m.architecture), m.latencyMs])).toEqual([
    [rows[1], 2.5],
    [rows[2], 3],
  ]);
  expect(measurementsOf(table, 'titanx_32')).toHaveLength(3);
});
