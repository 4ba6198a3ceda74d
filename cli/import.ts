// `npm run import`: sends a latency table to a service, through the same door as devices. Results go to standard output,
// progress to standard error. Exit codes: 0 everything accepted, 1 something quarantined or failed, 2 wrong usage.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { fieldClient } from './import/field-client.ts';
import { keepImportState, readImportState } from './import/import-state.ts';
import { type ImportedColumn, importTable } from './import/import-table.ts';
import { type ImportOptions, parseImportOptions, usage } from './import/options.ts';
import { importProgress } from './import/progress.ts';

function readTable({ data, searchSpace: id }: ImportOptions): LatencyTable {
  let text: string;
  try {
    const bytes = readFileSync(data);
    text = (data.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new DomainError('invalid-table', `cannot read ${data}: ${(cause as Error).message}`, { cause });
  }
  return parseLatencyTable(text, { file: data, space: searchSpace(id) });
}

function columnsOf(table: LatencyTable, targets: readonly string[] | undefined): string[] {
  const there = table.targets.map(({ id }) => id);
  const missing = targets?.find((name) => !there.includes(name));
  if (missing === undefined) return [...(targets ?? there)];
  throw new DomainError('invalid-usage', `--targets: '${missing}' is not in ${table.file}; it has ${there.join(', ')}`);
}

function lineOf({ column, verdict, before }: ImportedColumn): string {
  const { status, targetId, measurements, excludedCount, reason } = verdict;
  if (status === 'quarantined') return `${column}\tquarantined\t${reason}`;
  const excluded = excludedCount ? `, ${excludedCount} excluded` : '';
  return `${column}\t${before ? 'accepted before' : 'accepted'}\t${targetId}\t${measurements} measurements${excluded}`;
}

async function main(): Promise<number> {
  const options = parseImportOptions(process.argv.slice(2), process.env);
  if (!options) {
    console.log(usage);
    return 0;
  }
  const table = readTable(options);
  for (const { target, reason, count } of table.exclusions) {
    process.stderr.write(`${table.file}: ${count} latencies of '${target}' left out (${reason})\n`);
  }
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort(new DomainError('cancelled', 'stopped; the same command goes on')));
  const progress = importProgress(process.stderr, () => performance.now());
  try {
    const imported = await importTable({
      table,
      columns: columnsOf(table, options.targets),
      client: fieldClient({ api: options.api, signal: stopping.signal }),
      operatorToken: options.token,
      state: readImportState(options.state, options.api),
      keep: (state) => keepImportState(options.state, state),
      atOnce: options.atOnce,
      onProgress: progress.update,
      signal: stopping.signal,
    });
    progress.stop();
    for (const each of imported) console.log(lineOf(each));
    return imported.every(({ verdict }) => verdict.status === 'accepted') ? 0 : 1;
  } catch (error) {
    progress.stop();
    throw stopping.signal.aborted ? stopping.signal.reason : error;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.code === 'invalid-usage' ? 2 : 1;
}
