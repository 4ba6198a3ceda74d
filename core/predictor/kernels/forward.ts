// A predictor's forward pass over networks, of search spaces or as graphs: counts of kernels × their prices.
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import type { Forward, GraphSet, NetworkSet } from '#core/predictor/types.ts';
import type { CountedNetworks, NetworkCounts } from './count-cache.ts';
import { addSums } from './network-sums.ts';
import type { PriceBooks } from './price-book.ts';
import type { NetworkLaunches } from './repriced-sums.ts';

/** Networks that are counted at once: rows of counts take a few kilobytes each. */
const networksAtOnce = 1024;

/** @param headCount of the predictor
 * @param heads the only ones that are wanted; left out: all */
export async function forwardOfSets(
  counts: NetworkCounts,
  books: PriceBooks,
  sets: readonly (NetworkSet | GraphSet)[],
  headCount: number,
  heads?: readonly number[],
): Promise<Forward> {
  const wanted = heads ?? Array.from({ length: headCount }, (_, head) => head);
  const count = sets.reduce((sum, set) => sum + sizeOf(set), 0);
  const lnMean = new Float32Array(count * wanted.length);
  const phi = new Float32Array(count * wanted.length * P);
  const launches: NetworkLaunches[] = [];
  let first = 0;
  for (const set of sets) {
    for (let start = 0; start < sizeOf(set); start += networksAtOnce) {
      const { table, rows } = countedPart(counts, set, start);
      const prices = await books.of(table, 'graphs' in set ? 1 : set.workload.batchSize);
      addSums(prices, rows, wanted, { lnMean, phi, first });
      for (const own of rows) launches.push({ prices, kernels: table.kernels, rows: own });
      first += rows.length;
    }
  }
  return { count, lnMean, phi, launches, ...(heads !== undefined && { heads }) };
}

const sizeOf = (set: NetworkSet | GraphSet): number => ('graphs' in set ? set.graphs.length : set.architectures.length);

function countedPart(counts: NetworkCounts, set: NetworkSet | GraphSet, start: number): CountedNetworks {
  const end = start + networksAtOnce;
  return 'graphs' in set
    ? counts.countGraphs({ graphs: set.graphs.slice(start, end) })
    : counts.count({ workload: set.workload, architectures: set.architectures.slice(start, end) });
}
