// Graphs of models in memory: they never change, so each is read once, however often it is asked for. The ones longest
// unused make room.
import { DomainError, type Issue } from '#core/errors.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { readModelGraph } from '#core/models/stored-graph.ts';
import type { Store } from '#core/store/store.ts';

/** Gives the graphs of ids, in their order. @throws DomainError `not-found` with an issue an id */
export type ModelShelf = (ids: readonly string[]) => Promise<OperatorGraph[]>;

/** Nodes kept of all graphs together: some tens of megabytes. */
const mostNodes = 50_000;

/** An empty shelf over a store. */
export function modelShelf(store: Store, capacity = mostNodes): ModelShelf {
  const kept = new Map<string, OperatorGraph>();

  async function find(id: string): Promise<OperatorGraph | undefined> {
    const graph = kept.get(id) ?? (await readModelGraph(store, id));
    if (graph === undefined) return undefined;
    kept.delete(id);
    kept.set(id, graph);
    let nodes = [...kept.values()].reduce((sum, each) => sum + each.nodes.length, 0);
    for (const [oldest, { nodes: own }] of kept) {
      if (nodes <= capacity || oldest === id) break;
      kept.delete(oldest);
      nodes -= own.length;
    }
    return graph;
  }

  return async (ids) => {
    const found = await Promise.all(ids.map(find));
    const issues = ids.flatMap((id, i): Issue[] =>
      found[i] === undefined ? [{ path: `models/${i}`, message: `there is no model '${id.slice(0, 64)}'` }] : [],
    );
    if (issues.length === 0) return found as OperatorGraph[];
    throw new DomainError('not-found', `${issues[0]!.message}; POST its graph to /v1/models first`, { issues });
  };
}
