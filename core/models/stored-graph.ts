// Reads the canonical graph of a model back.
import { gunzipSync } from 'node:zlib';
import { DomainError } from '#core/errors.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { Store } from '#core/store/store.ts';
import { modelKey } from './keys.ts';

const form = /^[0-9a-f]{64}$/;

/** The canonical graph of a model; undefined where there is none of that id.
 * @throws DomainError `internal` where the object is damaged */
export async function readModelGraph(store: Store, model: string): Promise<OperatorGraph | undefined> {
  // What cannot be an id must not become a key either.
  const object = form.test(model) ? await store.get(modelKey(model)) : undefined;
  if (object === undefined) return undefined;
  try {
    const graph = JSON.parse(gunzipSync(object.body).toString('utf8')) as OperatorGraph;
    // It was written in this form under this hash: whatever else has the hash computes the same.
    if (graphHash(graph) === model) return graph;
  } catch (cause) {
    throw new DomainError('internal', `'${modelKey(model)}' is no operator graph`, { cause });
  }
  throw new DomainError('internal', `'${modelKey(model)}' is another operator graph than its name says`);
}

/** How many images one inference of a graph is of: the first axis of its first input, 1 where there is none. */
export const ownBatch = ({ inputs }: OperatorGraph): number => inputs[0]?.shape[0] || 1;
