// Networks → counts of kernels under each lowering. A graph that comes alone is lowered whole. A large search space's
// networks are chains of few different blocks: what a runtime does across a seam depends on the two blocks that meet
// there, so that a chain's counts are those of its neighbours in pairs, less those of the inner blocks alone:
//   count(ABCD) = count(AB) + count(BC) + count(CD) − count(B) − count(C)
// What lowering does at the ends of a graph, where a network would go on, cancels. Pairs and blocks are lowered once.
// A space small enough to be enumerated is lowered network by network, each once, or looked up (enumerated-counts.ts):
// its cells may pass their input straight through, and then three of them meet at a seam.
import { lower } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { networkOfChain } from '#core/search-space/network/chain.ts';
import { chainOf, type NetworkOptions } from '#core/search-space/network/describe.ts';
import type { Block, Chain } from '#core/search-space/network/network.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { cellRows } from './enumerated-counts.ts';
import type { CountRow, KernelTable } from './kernel-table.ts';

/** One row a lowering. */
export const countGraph = (table: KernelTable, graph: OperatorGraph, lowerings: readonly LoweringId[]): CountRow[] =>
  lowerings.map((lowering) => table.row(lower(graph, lowering)));

export interface BlockCounter {
  /** One row a lowering; equal rows are the same object where the space is small.
   * @throws DomainError `invalid-request` (an input size that the space cannot have) */
  count(space: SearchSpace, architecture: Architecture, options: NetworkOptions): readonly CountRow[];
  /** Blocks, pairs of blocks and whole networks that it knows: a few kilobytes each at most. */
  readonly known: number;
}

/** Counts into `table`; what it knows of blocks stays as long as it lives. */
export function blockCounter(table: KernelTable, lowerings: readonly LoweringId[]): BlockCounter {
  const parts = new Map<string, readonly CountRow[]>();
  const networks = new Map<string, readonly CountRow[]>();
  const tables = new Map<string, readonly ReturnType<typeof cellRows>[]>();
  const sharedRow = rowSharing();
  const counted = (chain: Chain, batchSize: number): CountRow[] =>
    countGraph(table, networkOfChain(chain, batchSize).graph, lowerings);
  const partOf = (blocks: readonly Block[], batchSize: number): readonly CountRow[] => {
    const key = `${batchSize} ${blocks.map(blockKey).join(' → ')}`;
    const known = parts.get(key);
    if (known !== undefined) return known;
    const rows = counted({ name: 'part', blocks }, batchSize);
    parts.set(key, rows);
    return rows;
  };
  const networkOf = (space: SearchSpace, architecture: Architecture, { inputSize, batchSize }: NetworkOptions) => {
    const key = `${space.id} ${inputSize} ${batchSize} ${String.fromCharCode(...architecture)}`;
    const known = networks.get(key);
    if (known !== undefined) return known;
    const looked = lookups(space, inputSize, batchSize);
    const lowered = looked.every((look) => look !== undefined)
      ? []
      : counted(chainOf(space, architecture, inputSize), batchSize).map(sharedRow);
    const rows = looked.map((look, l) => look?.(architecture) ?? lowered[l]!);
    networks.set(key, rows);
    return rows;
  };
  /** One a lowering: undefined where cells have to be lowered. */
  const lookups = (space: SearchSpace, inputSize: number | null, batchSize: number) => {
    const key = `${space.id} ${inputSize} ${batchSize}`;
    const known = tables.get(key);
    if (known !== undefined) return known;
    const made = lowerings.map((lowering) =>
      batchSize === 1 ? cellRows(space, table, lowering, inputSize) : undefined,
    );
    tables.set(key, made);
    return made;
  };
  return {
    get known() {
      return parts.size + networks.size;
    },
    count(space, architecture, options) {
      if (space.enumerate !== undefined) return networkOf(space, architecture, options);
      const { blocks } = chainOf(space, architecture, options.inputSize);
      if (blocks.length === 1) return partOf(blocks, options.batchSize);
      const pairs = blocks.slice(1).map((block, i) => partOf([blocks[i]!, block], options.batchSize));
      const inner = blocks.slice(1, -1).map((block) => partOf([block], options.batchSize));
      return lowerings.map((_, l) =>
        total([...pairs.map((rows) => [rows[l]!, 1] as const), ...inner.map((rows) => [rows[l]!, -1] as const)]),
      );
    },
  };
}

/** Gives equal rows as one object. */
function rowSharing(): (row: CountRow) => CountRow {
  const known = new Map<string, CountRow>();
  return (row) => {
    const key = `${row.kernels} ${row.counts}`;
    const shared = known.get(key) ?? row;
    known.set(key, shared);
    return shared;
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
