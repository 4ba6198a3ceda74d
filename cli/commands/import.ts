// `sugarbush import`: sends a latency table to a service, through the same door as devices.
import * as z from 'zod';
import { defineCommand, flag, jsonFlag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf, text } from '#command-line/values.ts';
import { latencyUnits } from '#core/dataset/latency-unit.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import type { ImportedColumn } from '../import/import-table.ts';

const options = {
  searchSpace: { value: 'ID', help: searchSpaceIds.join(', '), schema: z.enum(searchSpaceIds) },
  data: {
    value: 'FILE',
    help:
      'a latency table, CSV, plain or gzip: a column "architecture", then one column a target; ' +
      'docs/ingest.md says what is read',
    schema: text,
  },
  api: {
    value: 'URL',
    help: 'address of the service; needed without --dry-run',
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
  },
  token: {
    value: 'TOKEN',
    help: "an operator's token; needed without --dry-run",
    schema: z
      .string()
      .regex(/^sb_\S+$/, 'must look like sb_…')
      .optional(),
    env: 'SUGARBUSH_TOKEN',
    secret: true,
  },
  dryRun: flag('print how each column is read, and stop'),
  targets: { value: 'COLUMNS', help: 'only these columns, as a,b; default: all', schema: listOf(text).optional() },
  unit: {
    value: 'UNIT',
    help: `${latencyUnits.join(', ')}: of columns whose header says none; default: ms`,
    schema: z.enum(latencyUnits).optional(),
  },
  batchSize: {
    value: 'N',
    help: 'images per inference, of all columns; from-names: columns DEVICE_N are DEVICE at batch size N; default: 1',
    schema: z.union([z.literal('from-names'), integerBetween(1, 65_536)]).optional(),
  },
  columns: {
    value: 'FILE',
    help: 'JSON that says device, batch size and unit of columns; default: NAME-OF-DATA.columns.json beside the data',
    schema: text.optional(),
  },
  form: {
    value: 'FORM',
    help: 'in which form the architectures stand, as `sugarbush convert --help` lists them; default: text',
    schema: text.optional(),
  },
  state: {
    value: 'FILE',
    help:
      'what is done already; the same command goes on from there. It holds a device token. ' +
      'Default .sugarbush/import/NAME-OF-DATA.json',
    schema: text.optional(),
  },
  atOnce: { value: 'N', help: 'uploads under way at once', schema: integerBetween(1, 32), default: '4' },
  json: jsonFlag,
};

export const importCommand = defineCommand({
  options,
  notes:
    'A number at the end of a name is no batch size unless the table, --columns or --batch-size says so. ' +
    'Stopped, the same command goes on.',
  async run(given, terminal) {
    const { readTable } = await import('#cli/read-table.ts');
    const { describeTable } = await import('../import/describe-table.ts');
    const { apiClient } = await import('#client/client.ts');
    const { keepImportState, readImportState } = await import('../import/import-state.ts');
    const { importOperations, importTable } = await import('../import/import-table.ts');
    const { importProgress } = await import('../import/progress.ts');
    const { form, unit, batchSize, columns: sheet, targets: only } = given;
    const table = readTable(given.data, given.searchSpace, { form, unit, batchSize, sheet, only });
    const columns = only === undefined ? table.targets.map(({ id }) => id) : [...only];
    const described = describeTable(table, columns);
    if (given.dryRun) {
      terminal.out(given.json ? `${JSON.stringify({ columns: described.columns })}\n` : described.text);
      return exitCodes.done;
    }
    terminal.say(described.text);
    const { api, token } = serviceOf(given);
    const state = stateFile(given);
    const { signal } = terminal;
    const progress = importProgress({ isTTY: terminal.isTerminal, write: terminal.say }, () => performance.now());
    let imported: ImportedColumn[];
    try {
      imported = await importTable({
        table,
        columns,
        client: apiClient({ api, operations: importOperations, token, signal }),
        state: readImportState(state, api),
        keep: (next) => keepImportState(state, next),
        atOnce: given.atOnce,
        onProgress: progress.update,
        signal,
      });
    } catch (cause) {
      if (!signal.aborted) throw cause;
      throw new DomainError('cancelled', 'stopped; the same command goes on', { cause });
    } finally {
      progress.stop();
    }
    if (given.json) terminal.out(`${JSON.stringify({ targets: imported.map(rowOf) })}\n`);
    else for (const each of imported) terminal.out(`${lineOf(each)}\n`);
    const isWhole = imported.every(({ verdict }) => verdict.status === 'accepted');
    return isWhole ? exitCodes.done : exitCodes.failed;
  },
});

function serviceOf({ api, token }: Pick<Values<typeof options>, 'api' | 'token'>): { api: string; token: string } {
  if (api === undefined) throw new DomainError('invalid-usage', '--api is required; --dry-run sends nothing');
  if (token === undefined) {
    throw new DomainError('invalid-usage', '--token is required, or $SUGARBUSH_TOKEN; --dry-run sends nothing');
  }
  return { api, token };
}

/** Where an import remembers what is done: as told, or a file named after the table. */
export function stateFile({ state, data }: Pick<Values<typeof options>, 'state' | 'data'>): string {
  const name = data
    .split('/')
    .at(-1)!
    .replace(/\.csv(\.gz)?$/, '');
  return state ?? `.sugarbush/import/${name}.json`;
}

const rowOf = ({ column, verdict, before }: ImportedColumn): object => ({ column, before, ...verdict });

function lineOf({ column, verdict, before }: ImportedColumn): string {
  const { status, targetId, measurements, excludedCount, reason } = verdict;
  if (status === 'quarantined') return `${column}\tquarantined\t${reason}`;
  const excluded = excludedCount ? `, ${excludedCount} excluded` : '';
  return `${column}\t${before ? 'accepted before' : 'accepted'}\t${targetId}\t${measurements} measurements${excluded}`;
}
