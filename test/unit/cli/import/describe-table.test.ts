// What an import prints before it sends anything, and that a dry run stops there.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { importCommand } from '#cli/commands/import.ts';
import { sheetBeside } from '#cli/read-table.ts';
import { readShippedTable } from '#cli/start/shipped-tables.ts';
import { runCommand } from '#command-line/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cell = (last: string): string => `|none~0|+|none~0|none~1|+|none~0|nor_conv_3x3~1|${last}~2|`;
const file = join(folder, 'lab.csv');
writeFileSync(
  file,
  `architecture,rpi_4,board_us,gpu_32\n${cell('none')},8,4000,\n${cell('skip_connect')},2,1000,NA\n` +
    `${cell('nor_conv_1x1')},0.5,-1,0.01\n`,
);

async function run(...more: string[]) {
  const printed = { out: '', said: '' };
  const terminal = {
    out: (text: string) => {
      printed.out += text;
    },
    say: (text: string) => {
      printed.said += text;
    },
    isTerminal: false,
    env: {},
    signal: new AbortController().signal,
  };
  const args = ['--search-space', 'nasbench201', '--data', file, ...more];
  const code = await runCommand('sugarbush import', importCommand, args, terminal);
  return { code, ...printed };
}

test('each column is told: device, batch size, unit, how many latencies, their range, what is left out', async () => {
  expect(await run('--dry-run')).toEqual({
    code: 0,
    said: '',
    out: `${file}: 3 architectures of nasbench201
  column "rpi_4" is device "rpi_4"
    batch size 1 (nothing says another), unit ms (nothing says another)
    3 latencies, 0.5 to 8 ms, median 2 ms
    note: the number at the end of the name is not read as a batch size; --batch-size from-names does
  column "board_us" is device "board"
    batch size 1 (nothing says another), unit us (the header says so)
    2 latencies, 1 to 4 ms, median 2.5 ms, 1 left out (not-a-latency)
  column "gpu_32" is device "gpu_32"
    batch size 1 (nothing says another), unit ms (nothing says another)
    1 latencies, 0.01 to 0.01 ms, median 0.01 ms, 2 left out (missing)
    note: the number at the end of the name is not read as a batch size; --batch-size from-names does
    note: very short for ms: if these are seconds, --unit s
`,
  });
});

test('as JSON, and with what the options and a sheet beside the table say', async () => {
  const { out } = await run('--dry-run', '--json', '--batch-size', 'from-names', '--targets', 'rpi_4', '--unit', 's');
  expect(JSON.parse(out)).toEqual({
    columns: [
      {
        column: 'rpi_4',
        device: 'rpi',
        batchSize: 4,
        unit: 's',
        latencies: 3,
        leftOut: {},
        smallestMs: 500,
        medianMs: 2000,
        largestMs: 8000,
      },
    ],
  });
  const sheet = join(folder, 'lab.columns.json');
  expect([file, 'a/b.csv.gz', 'c.tsv', 'd.gz', 'e'].map(sheetBeside)).toEqual([
    sheet,
    'a/b.columns.json',
    'c.columns.json',
    'd.columns.json',
    'e.columns.json',
  ]);
  writeFileSync(sheet, '{"columns":{"gpu_32":{"device":"gpu","batchSize":32}}}');
  expect((await run('--dry-run')).out).toContain('device "gpu"\n    batch size 32 (the sheet of the columns says so)');
  writeFileSync(sheet, '{"columns":{"gpu_32":{"batch":32}}}');
  await expect(run('--dry-run')).rejects.toThrow(/lab\.columns\.json: columns\/gpu_32: .*batch.*allowed: \{"columns"/s);
  rmSync(sheet);
});

test('without a dry run an address and a token are needed', async () => {
  await expect(run()).rejects.toThrow(/^--api is required; --dry-run sends nothing$/);
  await expect(run('--api', 'http://127.0.0.1:9')).rejects.toThrow(/^--token is required, or \$SUGARBUSH_TOKEN/);
  await expect(run('--targets', 'nano', '--dry-run')).rejects.toThrow(
    /column 'nano' is not in .*; it has rpi_4, board_us, gpu_32/,
  );
});

test('the shipped tables’ columns are devices at batch sizes', async () => {
  const read = async (id: 'nasbench201' | 'fbnet' | 'ofa') =>
    (await readShippedTable(id)).table.targets.map(({ id: column, reading }) => [
      column,
      reading!.device,
      reading!.batchSize,
    ]);
  expect(await read('ofa')).toEqual([
    ['2080ti_1', '2080ti', 1],
    ['2080ti_32', '2080ti', 32],
    ['2080ti_64', '2080ti', 64],
    ['titan_rtx_1', 'titan_rtx', 1],
    ['titan_rtx_32', 'titan_rtx', 32],
    ['titan_rtx_64', 'titan_rtx', 64],
    ['titan_xp_1', 'titan_xp', 1],
    ['titan_xp_32', 'titan_xp', 32],
    ['titan_xp_64', 'titan_xp', 64],
  ]);
  const cells = await read('nasbench201');
  expect(cells).toContainEqual(['essential_ph_1', 'essential_ph_1', 1]);
  expect(cells).toContainEqual(['silver_4210r', 'silver_4210r', 1]);
  expect(cells).toContainEqual(['titanx_256', 'titanx', 256]);
  expect((await read('fbnet')).filter(([, , size]) => size === 64)).toHaveLength(4);
});
