// `sugarbush import`: sends a latency table to a service, through the same door as devices.
import { z } from 'zod';
import { defineCommand, jsonFlag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf, text } from '#command-line/values.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import type { ImportedColumn } from '../import/import-table.ts';

const options = {
  searchSpace: { value: 'ID', help: searchSpaceIds.join(', '), schema: z.enum(searchSpaceIds) },
  data: {
    value: 'FILE',
    help: 'a latency table, CSV or CSV.gz: a column "architecture", then one column a target, latencies in ms',
    schema: text,
  },
  api: {
    value: 'URL',
    help: 'address of the service',
    schema: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  },
  token: {
    value: 'TOKEN',
    help: "an operator's token",
    schema: z.string().regex(/^sb_\S+$/, 'must look like sb_…'),
    env: 'SUGARBUSH_TOKEN',
    secret: true,
  },
  targets: { value: 'COLUMNS', help: 'only these columns, as a,b; default: all', schema: listOf(text).optional() },
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
    'A column named DEVICE_N, with N a power of two, is DEVICE at batch size N. Stopped, the same command goes on.',
  async run(given, terminal) {
    const { exclusionLines, readTable } = await import('#cli/read-table.ts');
    const { apiClient } = await import('#client/client.ts');
    const { keepImportState, readImportState } = await import('../import/import-state.ts');
    const { importOperations, importTable } = await import('../import/import-table.ts');
    const { importProgress } = await import('../import/progress.ts');
    const table = readTable(given.data, given.searchSpace);
    for (const line of exclusionLines(table)) terminal.say(`${line}\n`);
    const columns = columnsOf(table, given.targets);
    const state = stateFile(given);
    const { signal } = terminal;
    const progress = importProgress({ isTTY: terminal.isTerminal, write: terminal.say }, () => performance.now());
    let imported: ImportedColumn[];
    try {
      imported = await importTable({
        table,
        columns,
        client: apiClient({ api: given.api, operations: importOperations, token: given.token, signal }),
        state: readImportState(state, given.api),
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

/** Where an import remembers what is done: as told, or a file named after the table. */
export function stateFile({ state, data }: Pick<Values<typeof options>, 'state' | 'data'>): string {
  const name = data
    .split('/')
    .at(-1)!
    .replace(/\.csv(\.gz)?$/, '');
  return state ?? `.sugarbush/import/${name}.json`;
}

function columnsOf(table: LatencyTable, targets: readonly string[] | undefined): string[] {
  const there = table.targets.map(({ id }) => id);
  const missing = targets?.find((name) => !there.includes(name));
  if (missing === undefined) return [...(targets ?? there)];
  throw new DomainError('invalid-usage', `--targets: '${missing}' is not in ${table.file}; it has ${there.join(', ')}`);
}

const rowOf = ({ column, verdict, before }: ImportedColumn): object => ({ column, before, ...verdict });

function lineOf({ column, verdict, before }: ImportedColumn): string {
  const { status, targetId, measurements, excludedCount, reason } = verdict;
  if (status === 'quarantined') return `${column}\tquarantined\t${reason}`;
  const excluded = excludedCount ? `, ${excludedCount} excluded` : '';
  return `${column}\t${before ? 'accepted before' : 'accepted'}\t${targetId}\t${measurements} measurements${excluded}`;
}
