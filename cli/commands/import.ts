// `sugarbush import`: sends a latency table to a service, through the same door as devices.
import * as z from 'zod';
import { defineCommand, flag, jsonFlag, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf, text } from '#command-line/values.ts';
import { latencyUnits } from '#core/dataset/latency-unit.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { ImportedColumn } from '../import/import-table.ts';
import type { ReplacedProfile } from '../import/review-table.ts';

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
  table: {
    value: 'NAME',
    help: 'what the table is called: importing it again replaces what it said before; default: NAME-OF-DATA',
    schema: text.optional(),
  },
  replaces: flag('a table that names none of the targets that it named before is the same one, corrected'),
  factorIsMeant: flag('send what is a hundred times longer or shorter than what is known of its target'),
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
    const { exposedToken } = await import('#command-line/token-file.ts');
    const { retryText } = await import('#client/retry.ts');
    const { keepImportState, readImportState } = await import('../import/import-state.ts');
    const { enrolTable, importOperations, importTable } = await import('../import/import-table.ts');
    const { knownTargets, reviewOperations } = await import('../import/known-targets.ts');
    const { farColumns, replacementOf, sentColumns } = await import('../import/review-table.ts');
    const { replaceProfiles } = await import('../import/replace-profiles.ts');
    const { countedProgress } = await import('../import/counted-progress.ts');
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
    const file = stateFile(given);
    const name = given.table ?? tableName(given);
    const { signal } = terminal;
    const progress = countedProgress({ isTTY: terminal.isTerminal, write: terminal.say }, () => performance.now(), {
      words: ['import', 'targets'],
      atOnce: given.atOnce,
    });
    const operations = { ...importOperations, ...reviewOperations };
    const client = apiClient({ api, operations, token, signal, onRetry: (retry) => terminal.say(retryText(retry)) });
    let state = readImportState(file, api);
    const warning = exposedToken(file);
    if (warning !== undefined) terminal.say(warning);
    const keep = (next: typeof state): void => {
      state = next;
      keepImportState(file, next);
    };
    let imported: ImportedColumn[];
    let replaced: readonly ReplacedProfile[];
    let withdrawn: ReadonlySet<string>;
    const sent = sentColumns(table, columns);
    try {
      if (state.device === undefined) keep({ ...state, device: await enrolTable(client, { table, name }) });
      const { deviceId } = state.device!;
      const known = await knownTargets(client, new Set(sent.map(({ targetId }) => targetId)), deviceId);
      const far = given.factorIsMeant ? [] : farColumns(sent, known);
      if (far.length > 0) {
        const what = 'If the unit is wrong, --unit or the sheet of the columns; if it is meant, --factor-is-meant';
        throw new DomainError('conflict', `${far.join('; ')}. ${what}`);
      }
      const isWhole = only === undefined;
      const replacement = replacementOf(sent, known, { deviceId, isWhole, isSame: given.replaces });
      imported = await importTable({
        table,
        columns,
        client,
        state,
        name,
        keep,
        atOnce: given.atOnce,
        onProgress: progress.update,
        signal,
      });
      withdrawn = replacement.withdrawn;
      replaced = await replaceProfiles(client, replacement, imported, name);
    } catch (cause) {
      if (!signal.aborted) throw cause;
      throw new DomainError('cancelled', 'stopped; the same command goes on', { cause });
    } finally {
      progress.stop();
    }
    const hashes = new Map(sent.map(({ column, sha256 }) => [column, sha256]));
    const isWithdrawn = ({ column }: ImportedColumn): boolean => withdrawn.has(hashes.get(column)!);
    const rows = imported.map((each) => ({ ...rowOf(each), withdrawn: isWithdrawn(each) }));
    if (given.json) terminal.out(`${JSON.stringify({ targets: rows, replaced })}\n`);
    else for (const each of imported) terminal.out(`${lineOf(each, isWithdrawn(each))}\n`);
    if (replaced.length > 0) terminal.say(replacedText(replaced, name));
    const isDone = imported.every((each) => each.verdict.status === 'accepted' && !isWithdrawn(each));
    return isDone ? exitCodes.done : exitCodes.failed;
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
  return state ?? `.sugarbush/import/${tableName({ data })}.json`;
}

/** A table is called after its file. */
const tableName = ({ data }: Pick<Values<typeof options>, 'data'>): string =>
  data
    .split('/')
    .at(-1)!
    .replace(/\.csv(\.gz)?$/, '');

function replacedText(replaced: readonly ReplacedProfile[], name: string): string {
  const targets = [...new Set(replaced.map(({ targetId }) => targetId))];
  const count = replaced.length === 1 ? 'one profile' : `${replaced.length} profiles`;
  return `withdrawn: ${count} that table ${quoteText(name)} said before, of ${targets.join(', ')}\n`;
}

const rowOf = ({ column, verdict, before }: ImportedColumn) => ({ column, before, ...verdict });

function lineOf({ column, verdict, before }: ImportedColumn, isWithdrawn: boolean): string {
  const { status, targetId, measurements, excludedCount, reason } = verdict;
  if (status === 'quarantined') return `${column}\tquarantined\t${reason}`;
  if (isWithdrawn) return `${column}\twithdrawn\t${targetId}\tan operator withdrew it; \`restore\` uses it again`;
  const excluded = excludedCount ? `, ${excludedCount} excluded` : '';
  return `${column}\t${before ? 'accepted before' : 'accepted'}\t${targetId}\t${measurements} measurements${excluded}`;
}
