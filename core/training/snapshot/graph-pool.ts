// Operator graphs that targets of a snapshot have measured, standard networks and models, as far as a fit learns from
// them: bounded as the pool of architectures is.
import type { IdentifiedGraph } from '#core/predictor/types.ts';
import type { Store } from '#core/store/store.ts';
import { readGraphs } from '#core/targets/graphs/measured-graphs.ts';
import { type Manifest, readGraphMeasurements } from './snapshot.ts';
import { chosenTargets, poolLimits } from './training-pool.ts';
import { fewestTrainingGraphs } from './training-rule.ts';

/** What is lowered for a fit: a millisecond for ten nodes. */
export const graphLimits = { graphs: 500, nodes: 100_000 } as const;

/** What one target took for each graph. */
export interface GraphColumn {
  readonly target: string;
  /** What is held out together has the same one (hardware-key.ts). */
  readonly hardwareKey: string;
  /** ms, in the order of the graphs; NaN where there is none. */
  readonly latencyMs: Float64Array;
}

export interface GraphPool {
  /** Those that most targets have measured, the most measured first. */
  readonly graphs: readonly IdentifiedGraph[];
  readonly columns: readonly GraphColumn[];
}

/** What a fit may learn from; nothing where no target has enough.
 * @throws DomainError `internal` where a graph is not there any more */
export async function readGraphPool(
  store: Store,
  manifest: Manifest,
  limits: { readonly graphs: number; readonly nodes: number } = graphLimits,
): Promise<GraphPool> {
  const chosen = chosenTargets(manifest, poolLimits.targets, {
    measured: ({ models = 0 }) => models,
    fewest: fewestTrainingGraphs,
  });
  if (chosen.length === 0) return { graphs: [], columns: [] };
  const used = new Set(chosen);
  const rows = (await readGraphMeasurements(store, manifest)).filter(({ target }) => used.has(target));
  const byModel = [...Map.groupBy(rows, ({ model }) => model)];
  byModel.sort(([a, ofA], [b, ofB]) => ofB.length - ofA.length || (a < b ? -1 : 1));
  const ids = byModel.slice(0, limits.graphs).map(([model]) => model);
  const graphs = withinNodes(await readGraphs(store, ids), limits.nodes);
  const placeOf = new Map(graphs.map(({ id }, place) => [id, place]));
  const columns = chosen.map((target): GraphColumn => {
    const { id, hardwareKey } = manifest.targets[target]!;
    return { target: id, hardwareKey, latencyMs: new Float64Array(graphs.length).fill(Number.NaN) };
  });
  for (const { target, model, latencyMs } of rows) {
    const place = placeOf.get(model);
    if (place !== undefined) columns[chosen.indexOf(target)]!.latencyMs[place] = latencyMs;
  }
  return { graphs, columns };
}

/** The first graphs that have so many nodes together. */
function withinNodes(graphs: readonly IdentifiedGraph[], most: number): IdentifiedGraph[] {
  let nodes = 0;
  return graphs.filter(({ graph }) => {
    const fits = nodes + graph.nodes.length <= most;
    if (fits) nodes += graph.nodes.length;
    return fits;
  });
}
