// The networks that the truth is made of: rows of the shipped tables, and the zoo.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const data = fileURLToPath(new URL('../../data/', import.meta.url));

const rowsOf = { nasbench201: 200, fbnet: 50, ofa: 50 } as const;
const inputSizeOf = { nasbench201: 32, fbnet: 224, ofa: null } as const;

export const truthSets = ['nasbench201', 'fbnet', 'ofa', 'zoo'] as const;
export type TruthSet = (typeof truthSets)[number];

export interface TruthNetwork {
  readonly set: TruthSet;
  /** Its name is the architecture's text, or the model's name. */
  readonly graph: OperatorGraph;
}

/** Search spaces by the first rows of their tables, then the zoo in its order. */
export function* truthNetworks(): Generator<TruthNetwork> {
  for (const set of truthSets) {
    if (set === 'zoo') {
      for (const line of gunzipSync(readFileSync(`${data}zoo/graphs.jsonl.gz`))
        .toString()
        .trimEnd()
        .split('\n')) {
        yield { set, graph: JSON.parse(line) as OperatorGraph };
      }
      continue;
    }
    const space = searchSpace(set);
    const table = gunzipSync(readFileSync(`${data}latency-${set}.csv.gz`))
      .toString()
      .split('\n');
    for (const row of table.slice(1, 1 + rowsOf[set])) {
      const text = row.startsWith('"') ? row.split('"')[1]! : row.split(',')[0]!;
      const { graph } = describeNetwork(space, space.parse(text), { inputSize: inputSizeOf[set], batchSize: 1 });
      yield { set, graph: { ...graph, name: text } };
    }
  }
}
