// Sets of networks to train and evaluate on: files of operator graphs with latency tables by graph name, and search
// spaces with theirs. All are counted into one table of kernels.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { readTable } from '#cli/read-table.ts';
import { whyUnreadable } from '#cli/why-unreadable.ts';
import { DomainError } from '#core/errors.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { type BlockCounter, countGraph } from '#core/predictor/kernels/count-kernels.ts';
import type { CountRow, KernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { isLatencyMs } from '#core/statistics/latency-range.ts';

export interface EvaluatedSet {
  /** A search space's id, or the name of the file of graphs without its endings. */
  readonly id: string;
  readonly names: readonly string[];
  readonly families: readonly string[];
  /** [networks][lowerings]. */
  readonly rows: readonly (readonly CountRow[])[];
  /** Whether a network computes anything. */
  readonly connected: readonly boolean[];
  /** Latencies in ms by target, NaN where there is none. */
  readonly columns: ReadonlyMap<string, Float64Array>;
  /** Images per inference by target; 1 where it has none. */
  readonly batchSizes: ReadonlyMap<string, number>;
}

/** Latencies by target and graph name, as the tables whose first column is `network` have them. */
export type NetworkLatencies = ReadonlyMap<string, ReadonlyMap<string, number>>;

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new DomainError('invalid-table', `${file}: ${whyUnreadable(cause)}`, { cause });
  }
}

/** @throws DomainError `invalid-table` for a file that is no CSV, or whose first column is not `network` */
export function readNetworkLatencies(files: readonly string[]): NetworkLatencies {
  const latencies = new Map<string, Map<string, number>>();
  for (const file of files) {
    const [header = [], ...rows] = parse(readText(file), { skip_empty_lines: true }) as string[][];
    if (header[0] !== 'network') {
      throw new DomainError('invalid-table', `${file}: the first column is '${header[0] ?? ''}', not 'network'`);
    }
    header.slice(1).forEach((target, column) => {
      const own = latencies.get(target) ?? new Map<string, number>();
      latencies.set(target, own);
      for (const row of rows) {
        const value = Number(row[column + 1]);
        if (row[column + 1] !== '' && isLatencyMs(value)) own.set(row[0]!, value);
      }
    });
  }
  return latencies;
}

/** A line that states no `family` has that of its name, without a number at its end: `alexnet_17` is an `alexnet`. */
const familyOfName = (name: string): string => name.replace(/[-_.]?\d+$/, '') || name;

/** @throws DomainError `invalid-model` for a line that is no operator graph */
export function readGraphSet(file: string, latencies: NetworkLatencies, table: KernelTable): EvaluatedSet {
  const graphs = readText(file)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, i) => {
      try {
        const { family, ...graph } = JSON.parse(line) as { family?: unknown };
        return { graph: parseOperatorGraph(graph), family: typeof family === 'string' ? family : undefined };
      } catch (cause) {
        throw new DomainError('invalid-model', `${file}, line ${i + 1}: ${(cause as Error).message}`, { cause });
      }
    });
  const names = graphs.map(({ graph }) => graph.name);
  return {
    id: basename(file)
      .replace(/\.gz$/, '')
      .replace(/\.[a-z]+$/, ''),
    names,
    families: graphs.map(({ graph, family }) => family ?? familyOfName(graph.name)),
    rows: graphs.map(({ graph }) => countGraph(table, graph, defaultLowerings)),
    connected: names.map(() => true),
    columns: new Map(
      [...latencies].map(([target, own]) => [target, Float64Array.from(names, (name) => own.get(name) ?? Number.NaN)]),
    ),
    batchSizes: new Map(),
  };
}

/** @param rowNumbers of the table, from 0 */
export function readSpaceSet(
  id: SearchSpaceId,
  file: string,
  rowNumbers: (rows: number) => readonly number[],
  counter: BlockCounter,
): EvaluatedSet {
  const space = searchSpace(id);
  const { architectures, texts, targets } = readTable(file, id);
  const numbers = rowNumbers(architectures.length);
  const options = { batchSize: 1, inputSize: usualInputSize(space) };
  return {
    id,
    names: numbers.map((row) => texts[row]!),
    families: numbers.map(() => id),
    rows: numbers.map((row) => counter.count(space, architectures[row]!, options)),
    connected: numbers.map((row) => space.isConnected(architectures[row]!)),
    columns: new Map(targets.map((t) => [t.id, Float64Array.from(numbers, (row) => t.latencyMs[row]!)])),
    batchSizes: new Map(targets.map(({ id, reading }) => [id, reading?.batchSize ?? 1])),
  };
}
