// Files of operator graphs as a fit takes them: counted, with the latencies that tables have of them.
import { type NetworkLatencies, readGraphSet } from '#cli/evaluate/network-sets.ts';
import { targetOfColumn } from '#cli/import/table-profiles.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import type { CountedGraphs } from '#core/training/fits/episode-data.ts';

/** How often a step draws from one file, a search space's one workload being drawn half the time. */
const weight = 0.6;
const fewestMeasured = 12;

/** One set a file. A column is a target by the id that a table of a search space gives it too.
 * @throws DomainError `invalid-table`, `invalid-model` */
export function countedGraphs(files: readonly string[], latencies: NetworkLatencies): CountedGraphs[] {
  return files.map((file) => {
    const table = kernelTable();
    const { id, rows, families, columns } = readGraphSet(file, latencies, table);
    return {
      id,
      weight,
      kernels: table.kernels,
      networks: rows,
      families,
      targets: [...columns]
        .filter(([, ms]) => ms.filter((value) => !Number.isNaN(value)).length >= fewestMeasured)
        .map(([column, latencyMs]) => ({ id: targetId(targetOfColumn(column)), latencyMs })),
    };
  });
}
