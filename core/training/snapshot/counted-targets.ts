// Targets of a snapshot whose descriptors have counters.
import { parquetReadObjects } from 'hyparquet';
import { type Descriptor, descriptorSchema } from '#core/descriptor/descriptor.ts';
import type { Store } from '#core/store/store.ts';
import { type Manifest, readSnapshotFile } from './snapshot.ts';

export interface RuntimeOfTarget {
  readonly target: string;
  /** As `runtimeAtLevel` names it. */
  readonly runtime: string;
}

export interface TargetWithCounters extends RuntimeOfTarget {
  readonly descriptor: Descriptor;
}

/** Those that `choose` takes among all there are, in its order; the descriptors of no others are read. None in a
 * snapshot that was frozen before fits learned from counters.
 * @throws DomainError `internal` when the file is not the one that the manifest names */
export async function readCountedTargets(
  store: Store,
  manifest: Manifest,
  choose: (there: readonly RuntimeOfTarget[]) => readonly RuntimeOfTarget[],
): Promise<TargetWithCounters[]> {
  if (manifest.counted === undefined) return [];
  const file = await readSnapshotFile(store, manifest, 'counted.parquet', manifest.counted.sha256);
  const there = (await parquetReadObjects({ file, columns: ['target', 'runtime'] })) as unknown as RuntimeOfTarget[];
  const chosen: TargetWithCounters[] = [];
  for (const each of choose(there)) {
    const rowStart = there.indexOf(each);
    const [row] = await parquetReadObjects({ file, columns: ['descriptor'], rowStart, rowEnd: rowStart + 1 });
    chosen.push({ ...each, descriptor: descriptorSchema.parse(JSON.parse(row!['descriptor'] as string)) });
  }
  return chosen;
}
