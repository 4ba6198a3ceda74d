// A network that comes alone, lowered launch by launch, so that every millisecond of its prediction can be told by
// place. Search spaces' networks are only counted (kernels/count-kernels.ts).
import { eachLaunch, lowerToGraph } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { type CountRow, type KernelTable, kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import type { Forward, Predictor, PriceTable } from '#core/predictor/types.ts';

/** One launch: a kernel of the table, and the nodes of the graph that it stands for. */
export interface PlacedLaunch {
  /** Index into the network's kernels. */
  readonly kernel: number;
  /** None for what a runtime puts in: reorders of a layout, and the constant of the run. */
  readonly nodes: readonly number[];
}

export interface PricedNetwork {
  readonly kernels: KernelTable['kernels'];
  /** How often the graph's own batch size. */
  readonly batch: number;
  /** By lowering, in order, the run's constant first. */
  readonly launches: ReadonlyMap<LoweringId, readonly PlacedLaunch[]>;
  readonly prices: PriceTable;
  /** What the predictor says of one network, under every head; heads of lowerings that were not wanted say nothing. */
  readonly forward: Forward;
}

/** @param wanted the lowerings that are asked about: each costs some ten milliseconds
 * @param batch images for each of the graph's own batch */
export async function priceNetworkOf(
  predictor: Pick<Predictor, 'parameters' | 'prices'>,
  graph: OperatorGraph,
  wanted: ReadonlySet<LoweringId>,
  batch = 1,
): Promise<PricedNetwork> {
  const table = kernelTable();
  const launches = new Map<LoweringId, PlacedLaunch[]>();
  const rows = predictor.parameters.lowerings.map((lowering): CountRow => {
    if (!wanted.has(lowering)) return { kernels: new Int32Array(0), counts: new Float64Array(0) };
    const own = eachLaunch(lowerToGraph(graph, lowering), lowering);
    const placed = own.map(({ kernel, nodes }) => ({ kernel: table.indexOf(kernel), nodes }));
    launches.set(lowering, [{ kernel: 0, nodes: [] }, ...placed]);
    return table.row(own.map(({ kernel }) => ({ kernel, count: 1 })));
  });
  const prices = await predictor.prices(table.kernels, batch);
  return { kernels: table.kernels, batch, launches, prices, forward: networkSums(prices, [rows]) };
}
