// Networks → counts of kernels under each lowering. A search space's networks are sums over their blocks, and equal
// blocks are lowered once; a graph that comes alone is lowered whole.
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { lower } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { describeBlocks, type NetworkOptions } from '#core/search-space/network/describe.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import type { CountRow, KernelTable } from './kernel-table.ts';

/** One row a lowering. */
export const countGraph = (table: KernelTable, graph: OperatorGraph, lowerings: readonly LoweringId[]): CountRow[] =>
  lowerings.map((lowering) => table.row(lower(graph, lowering)));

export interface BlockCounter {
  /** One row a lowering. @throws DomainError `invalid-request` (an input size that the space cannot have) */
  count(space: SearchSpace, architecture: Architecture, options: NetworkOptions): CountRow[];
}

/** Counts into `table`; what it knows of blocks stays as long as it lives. */
export function blockCounter(table: KernelTable, lowerings: readonly LoweringId[]): BlockCounter {
  const known = new Map<string, readonly CountRow[]>();
  return {
    count(space, architecture, options) {
      const blocks = describeBlocks(space, architecture, options);
      const rows = blocks.map(({ key, network }) => {
        const own = known.get(key) ?? countGraph(table, network().graph, lowerings);
        known.set(key, own);
        return own;
      });
      return lowerings.map((_, l) => total(rows.map((own, i) => ({ row: own[l]!, times: blocks[i]!.count }))));
    },
  };
}

/** The sum of rows; the constant of a run, kernel 0, counts once. */
function total(parts: readonly { readonly row: CountRow; readonly times: number }[]): CountRow {
  const counts = new Map<number, number>([[0, 1]]);
  for (const { row, times } of parts) {
    row.kernels.forEach((kernel, i) => {
      if (kernel !== 0) counts.set(kernel, (counts.get(kernel) ?? 0) + times * row.counts[i]!);
    });
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return { kernels: Int32Array.from(sorted, ([k]) => k), counts: Float64Array.from(sorted, ([, n]) => n) };
}
