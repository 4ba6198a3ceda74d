// A predictor's forward pass over networks of search spaces: counts of kernels × their prices.
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import type { Forward, NetworkSet } from '#core/predictor/types.ts';
import type { NetworkCounts } from './count-cache.ts';
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
  sets: readonly NetworkSet[],
  headCount: number,
  heads?: readonly number[],
): Promise<Forward> {
  const wanted = heads ?? Array.from({ length: headCount }, (_, head) => head);
  const count = sets.reduce((sum, { architectures }) => sum + architectures.length, 0);
  const lnMean = new Float32Array(count * wanted.length);
  const phi = new Float32Array(count * wanted.length * P);
  const launches: NetworkLaunches[] = [];
  let first = 0;
  for (const { workload, architectures } of sets) {
    for (let start = 0; start < architectures.length; start += networksAtOnce) {
      const part = architectures.slice(start, start + networksAtOnce);
      const { table, rows } = counts.count({ workload, architectures: part });
      const prices = await books.of(table, workload.batchSize);
      addSums(prices, rows, wanted, { lnMean, phi, first });
      for (const own of rows) launches.push({ prices, rows: own });
      first += part.length;
    }
  }
  return { count, lnMean, phi, launches, ...(heads !== undefined && { heads }) };
}
