// `node scripts/convert-graphs.ts nnmeter|ncnn FILE…`: public lists of graphs (data/README.md says where from) as JSON
// lines of operator graphs on standard output, each with the `family` that `npm run evaluate` holds out. With
// --latencies FILE the latencies go there, as a table whose first column is `network`: those that nn-Meter's lists
// carry, or those of ncnn's contributed results (--results FILE), one column a run on a device with a setting.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DomainError } from '#core/errors.ts';
import { fromNcnn } from '#scripts/convert-graphs/ncnn.ts';
import { fromNnMeter } from '#scripts/convert-graphs/nnmeter.ts';
import { type ListedLatencies, listedLatencies, ncnnResults, readLists } from '#scripts/convert-graphs/read-lists.ts';

const usage =
  'usage: node scripts/convert-graphs.ts nnmeter|ncnn FILE… [--latencies FILE.csv] [--results ncnn-results.csv.gz]';
const converters = { nnmeter: fromNnMeter, ncnn: fromNcnn } as const;

/** Columns in their order; an empty cell where a network was not measured. */
function tableOf(latencies: ListedLatencies, names: readonly string[]): string {
  const rows = names.map((name) => [name, ...[...latencies.values()].map((own) => own.get(name) ?? '')].join(','));
  return `${[['network', ...latencies.keys()].join(','), ...rows].join('\n')}\n`;
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
  const latencies = values.results === undefined ? listedLatencies(lists) : ncnnResults(values.results);
  const names = lists.map(({ name }) => name);
  writeFileSync(values.latencies, tableOf(latencies, names));
}

try {
  main();
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
