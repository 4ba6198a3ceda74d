// Networks → counts of kernels under each lowering. A graph that comes alone is lowered whole. A large search space's
// networks are chains of few different blocks: what a runtime does across a seam depends on the two blocks that meet
// there, so that a chain's counts are those of its neighbours in pairs, less those of the inner blocks alone:
//   count(ABCD) = count(AB) + count(BC) + count(CD) − count(B) − count(C)
// What lowering does at the ends of a graph, where a network would go on, cancels. Pairs and blocks are lowered once.
// A space small enough to be enumerated is lowered network by network, each once: its cells may pass their input
// straight through, and then three of them meet at a seam.
import { lower } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { networkOfChain } from '#core/search-space/network/chain.ts';
import { chainOf, type NetworkOptions } from '#core/search-space/network/describe.ts';
import type { Block } from '#core/search-space/network/network.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import type { CountRow, KernelTable } from './kernel-table.ts';

/**
 * How often a graph launches each kernel, lowered whole: one row for each of `lowerings`, in their order. Kernels that
 * `table` does not know yet are added to it.
 */
export const countGraph = (table: KernelTable, graph: OperatorGraph, lowerings: readonly LoweringId[]): CountRow[] =>
  lowerings.map((lowering) => table.row(lower(graph, lowering)));

export interface BlockCounter {
  /** One row a lowering. @throws DomainError `invalid-request` (an input size that the space cannot have) */
  count(space: SearchSpace, architecture: Architecture, options: NetworkOptions): CountRow[];
}

/**
 * A counter of the kernels of a search space's networks, with indices into `table`. Pairs of blocks are lowered once
 * and kept as long as the counter lives.
 */
export function blockCounter(table: KernelTable, lowerings: readonly LoweringId[]): BlockCounter {
  const known = new Map<string, readonly CountRow[]>();
  const rowsOf = (blocks: readonly Block[], batchSize: number): readonly CountRow[] => {
    const key = `${batchSize} ${blocks.map(blockKey).join(' → ')}`;
    const own =
      known.get(key) ?? countGraph(table, networkOfChain({ name: 'part', blocks }, batchSize).graph, lowerings);
    known.set(key, own);
    return own;
  };
  return {
    count(space, architecture, { inputSize, batchSize }) {
      const { blocks } = chainOf(space, architecture, inputSize);
      if (blocks.length === 1 || space.enumerate !== undefined) return [...rowsOf(blocks, batchSize)];
      const pairs = blocks.slice(1).map((block, i) => rowsOf([blocks[i]!, block], batchSize));
      const inner = blocks.slice(1, -1).map((block) => rowsOf([block], batchSize));
      return lowerings.map((_, l) =>
        total([...pairs.map((rows) => [rows[l]!, 1] as const), ...inner.map((rows) => [rows[l]!, -1] as const)]),
      );
    },
  };
}

const blockKey = ({ name, channels, size }: Block): string => `${name} @${channels}x${size}x${size}`;

/** The sum of rows; the constant of a run, kernel 0, counts once. */
function total(parts: readonly (readonly [row: CountRow, times: number])[]): CountRow {
  const counts = new Map<number, number>();
  for (const [row, times] of parts) {
    row.kernels.forEach((kernel, i) => {
      counts.set(kernel, (counts.get(kernel) ?? 0) + times * row.counts[i]!);
    });
  }
  const sorted = [...counts].filter(([, n]) => n !== 0).sort(([a], [b]) => a - b);
  return { kernels: Int32Array.from(sorted, ([k]) => k), counts: Float64Array.from(sorted, ([, n]) => n) };
}
