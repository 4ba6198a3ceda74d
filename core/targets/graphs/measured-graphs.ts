// Operator graphs that devices have measured, each kept once under its hash: targets name them by it.
import { DomainError } from '#core/errors.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import type { IdentifiedGraph } from '#core/predictor/types.ts';
import { inOrder } from '#core/store/in-order.ts';
import { putJsonIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { graphKey } from '../keys.ts';

/** Objects read at once. */
const atOnce = 16;

/** What is there already is the same. */
export async function keepGraphs(store: Store, graphs: readonly IdentifiedGraph[]): Promise<void> {
  await Promise.all(graphs.map(({ id, graph }) => putJsonIfAbsent(store, graphKey(id), graph)));
}

/** In the order of the ids.
 * @throws DomainError `internal` for one that is not there, `invalid-model` for one that is damaged */
export async function readGraphs(store: Store, ids: readonly string[]): Promise<IdentifiedGraph[]> {
  const graphs: IdentifiedGraph[] = [];
  for await (const graph of inOrder(ids, atOnce, (id) => readGraph(store, id))) graphs.push(graph);
  return graphs;
}

async function readGraph(store: Store, id: string): Promise<IdentifiedGraph> {
  const object = await store.get(graphKey(id));
  if (object === undefined) throw new DomainError('internal', `'${graphKey(id)}' is not there`);
  return { id, graph: parseOperatorGraph(JSON.parse(new TextDecoder().decode(object.body))) };
}
