// What kernels networks launch, remembered in the process: lowering takes milliseconds a network, and
// the same blocks and cells come again and again. Counts do not depend on any predictor but its lowerings, so that all
// predictors of a process share them. They are of batch size 1: a batch changes the kernels' work, not which there are.
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { GraphSet, NetworkSet } from '#core/predictor/types.ts';
import type { NetworkOptions } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Workload } from '#core/search-space/workload.ts';
import { type BlockCounter, blockCounter, countGraph } from './count-kernels.ts';
import { type CountRow, type KernelTable, kernelTable } from './kernel-table.ts';

export interface CountedNetworks {
  /** The rows' indices are into it; it may grow, and is given up for an empty one when it has become large. */
  readonly table: KernelTable;
  /** [networks][lowerings]. */
  readonly rows: readonly (readonly CountRow[])[];
}

/** Networks as sums of parts, which come again in other networks. */
export interface CountedParts {
  readonly table: KernelTable;
  /** By number. As long as the table is the same one, so is a number's row. */
  readonly rows: readonly CountRow[];
  readonly byLowering: ReadonlyMap<LoweringId, PartLists>;
}

/** Lists of numbers, one a network, one after another. */
export interface PartLists {
  readonly numbers: readonly number[];
  /** Where each network's list ends [networks]. */
  readonly ends: readonly number[];
}

export interface NetworkCounts {
  /** @throws DomainError `invalid-request` for an input size that the space cannot have */
  count(set: NetworkSet): CountedNetworks;
  /** Under some of the lowerings, not added up.
   * @throws DomainError `invalid-request` for an input size that the space cannot have */
  parts(set: NetworkSet, wanted: readonly LoweringId[]): CountedParts;
  /** Graphs of the same id are lowered once. */
  countGraphs(set: GraphSet): CountedNetworks;
}

/** Parts and kernels that are remembered: some 60 MB. Beyond, everything is forgotten and begins anew. */
const limits = { known: 30_000, kernels: 60_000 };

const shared = new Map<string, NetworkCounts>();

/** The same object for the same lowerings. */
export function networkCounts(lowerings: readonly LoweringId[]): NetworkCounts {
  const key = lowerings.join(' ');
  const counts = shared.get(key) ?? countCache(lowerings);
  shared.set(key, counts);
  return counts;
}

/** Counts under these lowerings with a memory of their own, which begins anew when it holds more than `most`. */
export function countCache(lowerings: readonly LoweringId[], most = limits): NetworkCounts {
  let table: KernelTable;
  let counter: BlockCounter;
  let graphRows: Map<string, readonly CountRow[]>;
  const begin = (): void => {
    table = kernelTable();
    counter = blockCounter(table, lowerings);
    graphRows = new Map();
  };
  const beginIfLarge = (): void => {
    if (counter.known + graphRows.size > most.known || table.kernels.length > most.kernels) begin();
  };
  begin();
  const optionsOf = ({ inputSize }: Workload): NetworkOptions => ({ inputSize, batchSize: 1 });
  return {
    parts({ workload, architectures }, wanted) {
      beginIfLarge();
      const space = searchSpace(workload.searchSpace);
      const listsUnder = (lowering: LoweringId): PartLists => {
        const addParts = counter.partsUnder(
          lowerings.indexOf(lowering),
          space,
          optionsOf(workload),
          architectures.length,
        );
        const numbers: number[] = [];
        const ends = architectures.map((architecture) => {
          addParts(architecture, numbers);
          return numbers.length;
        });
        return { numbers, ends };
      };
      const byLowering = new Map(wanted.map((lowering) => [lowering, listsUnder(lowering)]));
      return { table, rows: counter.parts, byLowering };
    },
    count({ workload, architectures }) {
      beginIfLarge();
      const space = searchSpace(workload.searchSpace);
      const options = optionsOf(workload);
      return { table, rows: architectures.map((architecture) => counter.count(space, architecture, options)) };
    },
    countGraphs({ graphs }) {
      beginIfLarge();
      const rows = graphs.map(({ id, graph }) => {
        const own = graphRows.get(id) ?? countGraph(table, graph, lowerings);
        graphRows.set(id, own);
        return own;
      });
      return { table, rows };
    },
  };
}
