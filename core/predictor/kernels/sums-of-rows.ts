// From rows of counts to what the predictor says of their networks, where hardly any kernel of the table is launched by
// them: those that are, and no others, are priced.
import type { Kernel } from '#core/graph/kernel.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import type { CountRow } from './kernel-table.ts';
import { networkSums } from './network-sums.ts';

/** @param rows [networks][lowerings], indices into `kernels`
 * @param batch how often the kernels' own batch size */
export async function sumsOfRows(
  predictor: Pick<Predictor, 'prices'>,
  kernels: readonly Kernel[],
  rows: readonly (readonly CountRow[])[],
  batch: number,
): Promise<Forward> {
  const used = [...new Set(rows.flatMap((own) => own.flatMap((row) => [...row.kernels])))];
  const place = new Map(used.map((kernel, i) => [kernel, i]));
  const prices = await predictor.prices(
    used.map((kernel) => kernels[kernel]!),
    batch,
  );
  return networkSums(
    prices,
    rows.map((own) => own.map((row) => ({ ...row, kernels: row.kernels.map((kernel) => place.get(kernel)!) }))),
  );
}
