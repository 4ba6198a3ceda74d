// `node scripts/convert-graphs.ts nnmeter|ncnn FILE…`: public lists of graphs (data/README.md says where from) as JSON
// lines of operator graphs on standard output, each with the `family` that `npm run evaluate` holds out. With
// --latencies FILE the latencies that nn-Meter's lists carry go there, as a table whose first column is `network`.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { DomainError } from '#core/errors.ts';
import { type ListGraph, listGraphSchema } from '#scripts/convert-graphs/list-graph.ts';
import { fromNcnn } from '#scripts/convert-graphs/ncnn.ts';
import { fromNnMeter } from '#scripts/convert-graphs/nnmeter.ts';

const usage = 'usage: node scripts/convert-graphs.ts nnmeter|ncnn FILE… [--latencies FILE.csv]';
const converters = { nnmeter: fromNnMeter, ncnn: fromNcnn } as const;

function readLists(file: string): ListGraph[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
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

function main(): void {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { latencies: { type: 'string' } } });
  const [form, ...files] = positionals;
  if (!(form === 'nnmeter' || form === 'ncnn') || files.length === 0) {
    throw new DomainError('invalid-usage', usage);
  }
  const lists = files.flatMap(readLists);
  for (const list of lists) {
    const { graph, family } = converters[form](list);
    process.stdout.write(`${JSON.stringify({ family, ...graph })}\n`);
  }
  if (values.latencies !== undefined) writeFileSync(values.latencies, latencyTable(lists));
}

try {
  main();
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
