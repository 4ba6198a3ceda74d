// From prices of kernels to what the predictor says of networks: ln m and φ under every head (hypotheses.ts). A sparse
// product, in the form that adaptation takes (core/predictor/types.ts): every head has a mean of its own.
import type { Forward } from '#core/predictor/types.ts';
import type { PriceTable } from './bundle.ts';
import { netCount, featureDimension as P } from './hypotheses.ts';
import type { CountRow } from './kernel-table.ts';

/**
 * ln m [networks × H] and φ [networks × H × P], row-major, of networks under every head (hypotheses.ts): m = Σ c μ and
 * φ = Σ c μ ψ / m over a network's kernels, launched c times.
 * @param rows [networks][lowerings], with indices into the table that `prices` are of; at least one kernel a row
 */
export function networkSums(prices: PriceTable, rows: readonly (readonly CountRow[])[]): Forward {
  const L = rows[0]?.length ?? 0;
  const H = netCount * L;
  const count = rows.length;
  const lnMean = new Float32Array(count * H);
  const phi = new Float32Array(count * H * P);
  const price = prices.lnMean.map((own) => Float64Array.from(own, Math.exp));
  const sums = new Float64Array(P);
  for (let i = 0; i < count; i++) {
    for (let net = 0; net < netCount; net++) {
      const mu = price[net]!;
      const psi = prices.psi[net]!;
      for (let l = 0; l < L; l++) {
        const { kernels, counts } = rows[i]![l]!;
        sums.fill(0);
        let m = 0;
        for (let j = 0; j < kernels.length; j++) {
          const k = kernels[j]!;
          const share = counts[j]! * mu[k]!;
          m += share;
          for (let p = 0, at = k * P; p < P; p++, at++) sums[p]! += share * psi[at]!;
        }
        const head = i * H + net * L + l;
        lnMean[head] = Math.log(m);
        for (let p = 0; p < P; p++) phi[head * P + p] = sums[p]! / m;
      }
    }
  }
  return { count, lnMean, phi };
}
