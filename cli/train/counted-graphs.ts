// The shipped collections of graphs as a fit takes them: nn-Meter's families and ncnn's models with their latencies,
// and the zoo, whose networks teach by simulated devices alone.
import { targetOfColumn } from '#cli/import/table-profiles.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { countGraph } from '#core/predictor/kernels/count-kernels.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import type { CountedGraphs } from '#core/training/fits/episode-data.ts';
import { fromNcnn } from '#scripts/convert-graphs/ncnn.ts';
import { fromNnMeter } from '#scripts/convert-graphs/nnmeter.ts';
import {
  type ListedLatencies,
  listedLatencies,
  ncnnResults,
  readLists,
  readText,
} from '#scripts/convert-graphs/read-lists.ts';

const dataFile = (name: string): string => new URL(`../../data/${name}`, import.meta.url).pathname;

/** How often a step draws from one collection, a search space's one workload being drawn half the time. */
const weight = 0.6;
const fewestMeasured = 12;

interface Collection {
  readonly id: string;
  readonly networks: readonly { readonly graph: OperatorGraph; readonly family: string }[];
  /** By column and name of the network. */
  readonly latencies: ListedLatencies;
}

/** nn-Meter's, ncnn's, the zoo's. */
export function shippedCollections(): Collection[] {
  const nnMeter = readLists(dataFile('nnmeter/graphs.jsonl.gz'));
  const ncnn = readLists(dataFile('ncnn/graphs.jsonl.gz'));
  const zoo = readText(dataFile('zoo/graphs.jsonl.gz')).trimEnd().split('\n');
  return [
    { id: 'nnmeter', networks: nnMeter.map(fromNnMeter), latencies: listedLatencies(nnMeter) },
    { id: 'ncnn', networks: ncnn.map(fromNcnn), latencies: ncnnResults(dataFile('ncnn/results.csv.gz')) },
    {
      id: 'zoo',
      networks: zoo.map((line) => {
        const graph = parseOperatorGraph(JSON.parse(line));
        return { graph, family: graph.name };
      }),
      latencies: new Map(),
    },
  ];
}

/** A column is a target by the id that a table of a search space gives it too. */
export function countedGraphs({ id, networks, latencies }: Collection): CountedGraphs {
  const table = kernelTable();
  const names = networks.map(({ graph }) => graph.name);
  return {
    id,
    weight,
    kernels: table.kernels,
    networks: networks.map(({ graph }) => countGraph(table, graph, defaultLowerings)),
    families: networks.map(({ family }) => family),
    targets: [...latencies]
      .map(([column, own]) => ({
        id: targetId(targetOfColumn(column)),
        latencyMs: Float64Array.from(names, (name) => own.get(name) ?? Number.NaN),
      }))
      .filter(({ latencyMs }) => latencyMs.filter((value) => !Number.isNaN(value)).length >= fewestMeasured),
  };
}
