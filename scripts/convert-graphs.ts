// `node scripts/convert-graphs.ts nnmeter|ncnn FILE…`: public lists of graphs (data/README.md says where from) as JSON
// lines of operator graphs on standard output, each with the `family` that `npm run evaluate` holds out. With
// --latencies FILE the latencies go there, as a table whose first column is `network`: those that nn-Meter's lists
// carry, or those of ncnn's contributed results (--results FILE), one column a run on a device with a setting.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { DomainError } from '#core/errors.ts';
import { type ListGraph, listGraphSchema } from '#scripts/convert-graphs/list-graph.ts';
import { fromNcnn } from '#scripts/convert-graphs/ncnn.ts';
import { fromNnMeter } from '#scripts/convert-graphs/nnmeter.ts';

const usage =
  'usage: node scripts/convert-graphs.ts nnmeter|ncnn FILE… [--latencies FILE.csv] [--results ncnn-results.csv.gz]';
const converters = { nnmeter: fromNnMeter, ncnn: fromNcnn } as const;

function readText(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function readLists(file: string): ListGraph[] {
  return readText(file)
    .trimEnd()
    .split('\n')
    .map((line, i) => {
      try {
        return listGraphSchema.parse(JSON.parse(line));
      } catch (cause) {
        throw new DomainError('invalid-request', `${file}, line ${i + 1}: ${(cause as Error).message}`, { cause });
      }
    });
}

function latencyTable(lists: readonly ListGraph[]): string {
  const targets = [...new Set(lists.flatMap(({ ms }) => Object.keys(ms ?? {})))];
  const rows = lists.map(({ name, ms }) => [name, ...targets.map((target) => ms?.[target] ?? '')].join(','));
  return `${[['network', ...targets].join(','), ...rows].join('\n')}\n`;
}

/** Rows of device, run, threads, powersave, gpu_device, model, …, avg_ms → one column a run, device and setting. */
function resultsTable(file: string, lists: readonly ListGraph[]): string {
  const rows = parse(readText(file), { columns: true, skip_empty_lines: true }) as Record<string, string>[];
  const columns = new Map<string, Map<string, string>>();
  for (const row of rows) {
    const device = row['device']!.toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40);
    const target = `${device}-r${row['run']}-t${row['threads']}-p${row['powersave']}-g${row['gpu_device']}`;
    const own = columns.get(target) ?? new Map<string, string>();
    columns.set(target, own.set(row['model']!, row['avg_ms']!));
  }
  const lines = lists.map(({ name }) => [name, ...[...columns.values()].map((own) => own.get(name) ?? '')].join(','));
  return `${[['network', ...columns.keys()].join(','), ...lines].join('\n')}\n`;
}

function main(): void {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { latencies: text, results: text } });
  const [form, ...files] = positionals;
  if (!(form === 'nnmeter' || form === 'ncnn') || files.length === 0) {
    throw new DomainError('invalid-usage', usage);
  }
  const lists = files.flatMap(readLists);
  for (const list of lists) {
    const { graph, family } = converters[form](list);
    process.stdout.write(`${JSON.stringify({ family, ...graph })}\n`);
  }
  if (values.latencies === undefined) return;
  const table = values.results === undefined ? latencyTable(lists) : resultsTable(values.results, lists);
  writeFileSync(values.latencies, table);
}

try {
  main();
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
