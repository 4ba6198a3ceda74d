// Operator graphs that targets have measured as a group of a fit, beside the groups of search spaces: what devices say
// of standard networks and of models is learned from, too.
import type { LoweringId } from '#core/graph/lowerings.ts';
import { networkCounts } from '#core/predictor/kernels/count-cache.ts';
import type { GraphPool } from '#core/training/snapshot/graph-pool.ts';
import { type CountedGraphs, fewestNetworks, type HeldOutOfFit, learnsFrom, usableTargets } from './episode-data.ts';

/** How often a step draws from them, a search space's one workload being drawn half the time: as often as from a
 * shipped collection of graphs. */
const weight = 0.6;

/** The group of all graphs, each a family; none where no target that is learned from has enough of them. */
export function measuredGraphs(
  { graphs, columns }: GraphPool,
  lowerings: readonly LoweringId[],
  leftOut: HeldOutOfFit,
): CountedGraphs[] {
  const learned = columns.filter((column) => learnsFrom(leftOut, column));
  const targets = usableTargets(learned.map(({ target: id, latencyMs }) => ({ id, latencyMs })));
  if (targets.length === 0 || graphs.length < fewestNetworks) return [];
  const { table, rows } = networkCounts(lowerings).countGraphs({ graphs });
  const families = graphs.map(({ id }) => id);
  return [{ id: 'graphs', weight, kernels: table.kernels, networks: rows, families, targets }];
}
