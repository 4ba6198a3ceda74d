// Networks → counts of kernels under each lowering. A graph that comes alone is lowered whole. A large search space's
// networks are chains of few different blocks: each is lowered once a layout of its input, and a chain's counts are the
// sum of what its blocks add (counted-block.ts, which says why that is exact). A chain with a seam that kernels may
// span is lowered whole, once. A space small enough to be enumerated is lowered network by network, each once, or
// looked up (enumerated-counts.ts): the first few are lowered, for looking up begins with lowering some tens.
import { lower } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { blockKey } from '#core/search-space/network/chain.ts';
import { chainOf, describeNetwork, type NetworkOptions } from '#core/search-space/network/describe.ts';
import type { Block } from '#core/search-space/network/network.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { type CountedBlock, countedBlock, type Layout } from './counted-block.ts';
import { type CellRows, cellRows } from './enumerated-counts.ts';
import type { CountRow, KernelTable } from './kernel-table.ts';
import { rowSums } from './row-sums.ts';

/** One row a lowering. */
export const countGraph = (table: KernelTable, graph: OperatorGraph, lowerings: readonly LoweringId[]): CountRow[] =>
  lowerings.map((lowering) => table.row(lower(graph, lowering)));

export interface BlockCounter {
  /** One row a lowering; equal rows are the same object where the space is small.
   * @throws DomainError `invalid-request` (an input size that the space cannot have) */
  count(space: SearchSpace, architecture: Architecture, options: NetworkOptions): readonly CountRow[];
  /** Rows that networks' counts are sums of, by their numbers. */
  readonly parts: readonly CountRow[];
  /** For networks of one space and workload: appends the numbers of the parts that a network's counts under a lowering
   * are the sum of. Neither the sum nor the other lowerings are worked out.
   * @param lowering its place among the counter's
   * @param networks how many will be asked for
   * @throws DomainError `invalid-request` (an input size that the space cannot have) */
  partsUnder(
    lowering: number,
    space: SearchSpace,
    options: NetworkOptions,
    networks: number,
  ): (architecture: Architecture, numbers: number[]) => void;
  /** Blocks and whole networks that it knows: some kilobytes each. */
  readonly known: number;
}

/** Rows of cells, and their numbers among the counter's parts, −1 where nobody asked. */
interface CellLookup {
  readonly rows: CellRows;
  readonly parts: Int32Array;
}

/** As many networks of an enumerated space, under one lowering, are lowered before others are looked up. */
const fewNetworks = 8;

/** Counts into `table`; what it knows of blocks stays as long as it lives. */
export function blockCounter(table: KernelTable, lowerings: readonly LoweringId[]): BlockCounter {
  const blocks = new Map<string, CountedBlock>();
  /** The same at batch size 1, for spaces that give the same object again. */
  const blocksByObject = new WeakMap<Block, CountedBlock>();
  const networks = new Map<string, readonly CountRow[]>();
  const tables = new Map<string, CellLookup | undefined>();
  /** Numbers of the parts of networks that were lowered alone, by space, options and lowering, then by network. */
  const first = new Map<string, Map<string, number>>();
  const parts: CountRow[] = [];
  const numbers = new Map<CountRow, number>();
  const sharedRow = rowSharing();
  const sumOf = rowSums();
  const run = table.row([]);
  const numberOf = (row: CountRow): number => {
    const known = numbers.get(row);
    if (known !== undefined) return known;
    numbers.set(row, parts.length);
    return parts.push(row) - 1;
  };
  const blockOf = (block: Block, batchSize: number): CountedBlock => {
    const met = batchSize === 1 ? blocksByObject.get(block) : undefined;
    if (met !== undefined) return met;
    const key = blockKey(block, batchSize);
    const known = blocks.get(key) ?? countedBlock(block, { table, lowerings, batchSize, sumOf });
    blocks.set(key, known);
    if (batchSize === 1) blocksByObject.set(block, known);
    return known;
  };
  const networkOf = (space: SearchSpace, architecture: Architecture, { inputSize, batchSize }: NetworkOptions) => {
    const key = `${space.id} ${inputSize} ${batchSize} ${String.fromCharCode(...architecture)}`;
    const known = networks.get(key);
    if (known !== undefined) return known;
    const looked = lowerings.map((_, l) => lookup(l, space, { inputSize, batchSize }));
    const lowered = looked.every((look) => look !== undefined)
      ? []
      : countGraph(table, describeNetwork(space, architecture, { inputSize, batchSize }).graph, lowerings).map(
          sharedRow,
        );
    const rows = looked.map((look, l) => look?.rows.row(look.rows.numberOf(architecture)) ?? lowered[l]!);
    networks.set(key, rows);
    return rows;
  };
  /** Undefined where cells have to be lowered. */
  const lookup = (l: number, space: SearchSpace, { inputSize, batchSize }: NetworkOptions): CellLookup | undefined => {
    const key = `${space.id} ${inputSize} ${batchSize} ${l}`;
    if (!tables.has(key)) {
      const rows = batchSize === 1 ? cellRows(space, table, lowerings[l]!, inputSize) : undefined;
      tables.set(key, rows && { rows, parts: new Int32Array(rows.count).fill(-1) });
    }
    return tables.get(key);
  };
  /** Undefined where it is time to look networks up. */
  const firstFew = (
    l: number,
    space: SearchSpace,
    options: NetworkOptions,
    count: number,
  ): ((architecture: Architecture) => number) | undefined => {
    const key = `${space.id} ${options.inputSize} ${options.batchSize} ${l}`;
    const known = first.get(key) ?? new Map<string, number>();
    if (tables.has(key) || known.size + count > fewNetworks) return undefined;
    first.set(key, known);
    return (architecture) => {
      const own = String.fromCharCode(...architecture);
      const met = known.get(own);
      if (met !== undefined) return met;
      const [row] = countGraph(table, describeNetwork(space, architecture, options).graph, [lowerings[l]!]);
      const number = numberOf(row!);
      known.set(own, number);
      return number;
    };
  };
  const cellPart = ({ rows, parts: known }: CellLookup, cell: Architecture): number => {
    const row = rows.numberOf(cell);
    if (known[row]! < 0) known[row] = numberOf(rows.row(row));
    return known[row]!;
  };
  const addChainParts = (
    l: number,
    space: SearchSpace,
    architecture: Architecture,
    options: NetworkOptions,
    to: number[],
  ): void => {
    const blocksOfNetwork = chainOf(space, architecture, options.inputSize).blocks;
    const counted = blocksOfNetwork.map((block) => blockOf(block, options.batchSize));
    if (!isSealed(counted)) {
      to.push(numberOf(networkOf(space, architecture, options)[l]!));
      return;
    }
    let input: Layout = 'plain';
    to.push(numberOf(run));
    for (const block of counted) {
      const { gained, layout } = block.step(l, input);
      to.push(numberOf(gained));
      input = layout;
    }
  };
  return {
    get known() {
      return blocks.size + networks.size;
    },
    parts,
    partsUnder(l, space, options, networks) {
      if (space.enumerate === undefined) return (network, to) => addChainParts(l, space, network, options, to);
      const few = firstFew(l, space, options, networks);
      if (few !== undefined) return (network, to) => to.push(few(network));
      const look = lookup(l, space, options);
      if (look === undefined) return (network, to) => to.push(numberOf(networkOf(space, network, options)[l]!));
      return (network, to) => to.push(cellPart(look, network));
    },
    count(space, architecture, options) {
      if (space.enumerate !== undefined) return networkOf(space, architecture, options);
      const chain = chainOf(space, architecture, options.inputSize);
      const parts = chain.blocks.map((block) => blockOf(block, options.batchSize));
      if (!isSealed(parts)) return networkOf(space, architecture, options);
      let layouts: readonly Layout[] = lowerings.map(() => 'plain');
      const rows = lowerings.map(() => [run]);
      for (const part of parts) {
        const steps = part.steps(layouts);
        for (const [l, { gained }] of steps.entries()) rows[l]!.push(gained);
        layouts = steps.map(({ layout }) => layout);
      }
      return rows.map(sumOf);
    },
  };
}

/** Whether no kernel spans two of the blocks. */
const isSealed = (blocks: readonly CountedBlock[]): boolean =>
  blocks.every(({ startsSealed }, i) => i === 0 || (startsSealed && blocks[i - 1]!.endsSealed));

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
