// What each block adds to the kernels of a chain of blocks, so that a network's counts are a sum over its blocks. Exact
// where two things hold, of which the first is looked up in each block and the second follows from the passes:
// 1. No kernel spans a seam (`endsSealed`, `startsSealed`). A pass makes two nodes one where the second is the only
//    reader of what the first makes. A sealed block reads its input by a convolution or a pool, which no pass puts into
//    the node before it, and by sums beside them, which are then not the only reader; and what it ends with no
//    convolution and no pool takes in.
// 2. What reaches over a seam is one bit: whether the map that is handed on is blocked (passes/blocked-layout.ts). It
//    may reach far. A residual sum is blocked only if both its addends are, and then so is what the next block adds to;
//    one plain map, such as a grouped convolution makes, keeps the sums of a whole stage plain. That is why two
//    neighbours do not tell their counts, and why nothing but the bit has to be known of all blocks before.
// So blocks are counted from left to right: a step is what the end of a chain gains by one block more, given the bit.
// Any chain that ends in the same map, with the same bit, stands for the real one: none at all where the map is plain,
// one convolution where it is blocked. What a graph costs only because it ends there (blocked maps are returned plain)
// is taken back by the next step, which is why counts of a step may be negative.
import { launchesOf, lowerToGraph } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { networkOfChain } from '#core/search-space/network/chain.ts';
import type { Block } from '#core/search-space/network/network.ts';
import type { CountRow, KernelTable } from './kernel-table.ts';

/** How a map is handed from block to block. */
export type Layout = 'plain' | 'blocked';

export interface ChainStep {
  /** Launches that the block adds; negative where a chain that ends before it launches more. Without the run's
   * constant. */
  readonly gained: CountRow;
  /** How the block's output is handed on. */
  readonly layout: Layout;
}

export interface CountedBlock {
  /** Whether no pass joins its first nodes with the node before them. */
  readonly startsSealed: boolean;
  /** Whether no pass joins its last node with those after it. */
  readonly endsSealed: boolean;
  /** One step a lowering, for one layout of the input a lowering. What is asked for the first time is lowered. */
  steps(inputs: readonly Layout[]): readonly ChainStep[];
  /** The step under the lowering of this number alone. */
  step(lowering: number, input: Layout): ChainStep;
}

/** What the blocks of one counter have in common. */
export interface CountingOptions {
  readonly table: KernelTable;
  readonly lowerings: readonly LoweringId[];
  readonly batchSize: number;
  readonly sumOf: (rows: readonly CountRow[]) => CountRow;
}

/** A block of a chain, counted into the table step by step as it is asked for, and remembered. The sum of the steps of
 * a chain of sealed blocks, each given the layout that the one before it hands on and the first a plain image, is what
 * the whole network launches (the file's header says why). Its graphs are not kept. */
export function countedBlock(block: Block, { table, lowerings, batchSize, sumOf }: CountingOptions): CountedBlock {
  const known: Record<Layout, ChainStep[]> = { plain: [], blocked: [] };
  const graphOf = (...blocks: readonly Block[]) => networkOfChain({ name: block.name, blocks }, batchSize).graph;
  /** Under the lowerings of these numbers. */
  const learn = (numbers: readonly number[], input: Layout): void => {
    const before = input === 'plain' ? undefined : blockedMap(block);
    const whole = before === undefined ? graphOf(block) : graphOf(before, block);
    const without = before && graphOf(before);
    for (const l of numbers) {
      const { row, layout } = lowered(table, whole, lowerings[l]!);
      const taken = without === undefined ? table.row([]) : lowered(table, without, lowerings[l]!).row;
      known[input][l] = { gained: sumOf([row, negative(taken)]), layout };
    }
  };
  const alone = graphOf(block);
  return {
    startsSealed: startsSealed(alone),
    endsSealed: endsSealed(alone),
    steps(inputs) {
      for (const input of ['plain', 'blocked'] as const) {
        const unknown = inputs.flatMap((own, l) => (own === input && known[input][l] === undefined ? [l] : []));
        if (unknown.length > 0) learn(unknown, input);
      }
      return inputs.map((input, l) => known[input][l]!);
    },
    step(lowering, input) {
      if (known[input][lowering] === undefined) learn([lowering], input);
      return known[input][lowering]!;
    },
  };
}

function lowered(table: KernelTable, graph: OperatorGraph, lowering: LoweringId): { row: CountRow; layout: Layout } {
  const working = lowerToGraph(graph, lowering);
  const isBlocked = working.outputs[0]!.producer?.operator === 'ReorderOutput';
  return { row: table.row(launchesOf(working, lowering)), layout: isBlocked ? 'blocked' : 'plain' };
}

const negative = ({ kernels, counts }: CountRow): CountRow => ({ kernels, counts: counts.map((n) => -n) });

/** The shortest chain whose output is the input of `block`, blocked wherever blocked layouts are: a convolution of an
 * image, which no block of channels is too large for. */
const blockedMap = ({ channels, size }: Block): Block => ({
  name: 'blocked map',
  channels: 3,
  size,
  build: (layers, x) => layers.convolution(x, { channels, kernelSize: 1 }),
});

/** Never part of the node before them, and never a reason to change it. */
const standingAlone = new Set(['Conv', 'AveragePool', 'GlobalAveragePool']);
/** Neither taken in by a convolution or pool that reads them nor dropped. */
const ending = new Set(['Conv', 'BatchNormalization', 'Relu', 'HardSwish', 'Add', 'AveragePool']);

function startsSealed({ inputs, nodes, outputs }: OperatorGraph): boolean {
  const input = inputs[0]!.name;
  const readers = nodes.filter((node) => node.inputs.includes(input)).map(({ operator }) => operator);
  const areKnown = readers.every((operator) => operator === 'Add' || standingAlone.has(operator));
  return areKnown && readers.some((operator) => operator !== 'Add') && !outputs.includes(input);
}

/** What is multiplied by zero may leave nothing but zeros, which are dropped with what they are added to. */
function endsSealed({ nodes, outputs, constants }: OperatorGraph): boolean {
  const last = nodes.find((node) => node.outputs[0] === outputs[0]);
  const multipliesByZero = constants.some(({ values }) => values?.length === 1 && values[0] === 0);
  return last !== undefined && ending.has(last.operator) && !multipliesByZero;
}
