// From prices of kernels to what the predictor says of networks: ln m and φ under each head (hypotheses.ts). A sparse
// product, in the form that adaptation takes (core/predictor/types.ts).
import { netCount, featureDimension as P } from '#core/predictor/hypotheses.ts';
import type { Forward, PriceTable } from '#core/predictor/types.ts';
import type { CountRow } from './kernel-table.ts';
import type { KernelPrices } from './price-book.ts';

/** rows [networks][lowerings], indices into the table that `prices` are of. */
export function networkSums(prices: PriceTable, rows: readonly (readonly CountRow[])[]): Forward {
  const L = rows[0]?.length ?? 0;
  const heads = Array.from({ length: netCount * L }, (_, head) => head);
  const count = rows.length;
  const lnMean = new Float32Array(count * heads.length);
  const phi = new Float32Array(count * heads.length * P);
  const mean = prices.lnMean.map((own) => Float64Array.from(own, Math.exp));
  const own = { mean, psi: prices.psi };
  addSums(own, rows, heads, { lnMean, phi, first: 0 });
  return { count, lnMean, phi, launches: rows.map((launched) => ({ prices: own, rows: launched })) };
}

export interface SumsPlace {
  /** [n × heads]. */
  readonly lnMean: Float32Array;
  /** [n × heads × P]. */
  readonly phi: Float32Array;
  /** Where the first network's row is. */
  readonly first: number;
}

/** Writes the sums of networks under `heads`: head net · lowerings + lowering, as headsOf orders them. */
export function addSums(
  prices: KernelPrices,
  rows: readonly (readonly CountRow[])[],
  heads: readonly number[],
  { lnMean, phi, first }: SumsPlace,
): void {
  const L = rows[0]?.length ?? 1;
  const sums = new Float64Array(P);
  for (let i = 0; i < rows.length; i++) {
    for (let h = 0; h < heads.length; h++) {
      const head = heads[h]!;
      const mean = prices.mean[Math.floor(head / L)]!;
      const psi = prices.psi[Math.floor(head / L)]!;
      const { kernels, counts } = rows[i]![head % L]!;
      sums.fill(0);
      let m = 0;
      for (let j = 0; j < kernels.length; j++) {
        const kernel = kernels[j]!;
        const share = counts[j]! * mean[kernel]!;
        m += share;
        for (let p = 0, at = kernel * P; p < P; p++, at++) sums[p]! += share * psi[at]!;
      }
      const place = (first + i) * heads.length + h;
      lnMean[place] = Math.log(m);
      for (let p = 0; p < P; p++) phi[place * P + p] = sums[p]! / m;
    }
  }
}
