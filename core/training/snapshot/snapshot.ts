// A snapshot: an immutable version of the dataset of a search space. Two Parquet files with the measurements and the
// descriptors, and a manifest with their hashes, written last: a snapshot with a manifest is complete.
import { createHash } from 'node:crypto';
import { parquetRead } from 'hyparquet';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { snapshotKey } from '#core/training/keys.ts';

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileSchema = z.strictObject({
  sha256: hex256,
  sizeBytes: z.int().positive(),
  rows: z.int().nonnegative(),
});

export const manifestSchema = z.strictObject({
  format: z.literal('sugarbush-snapshot'),
  formatVersion: z.literal(1),
  searchSpace: z.enum(searchSpaceIds),
  /** Derived from the content alone. */
  snapshotId: z.string().regex(/^[0-9a-f]{16}$/),
  contentSha256: hex256,
  /** Hardware keys (hardware-key.ts), in the order in which their first targets became known: a new one comes last, so
   * that folds stay as they are. Not enrolled devices: the stored name is older than that word. */
  devices: z.array(z.string()),
  /** By id. */
  targets: z.array(
    z.strictObject({
      id: z.string(),
      /** Its hardware key. */
      device: z.string(),
      measurements: z.int().positive(),
      /** Why a predictor must not learn from it; null: it may. */
      excluded: z.string().nullable(),
    }),
  ),
  measurements: fileSchema,
  descriptors: fileSchema,
});
export type Manifest = z.infer<typeof manifestSchema>;
export type SnapshotTarget = Manifest['targets'][number];

/** @throws DomainError `not-found` */
export async function readManifest(store: Store, searchSpace: SearchSpaceId, snapshotId: string): Promise<Manifest> {
  const manifest = await findManifest(store, searchSpace, snapshotId);
  if (manifest) return manifest;
  throw new DomainError('not-found', `there is no snapshot '${snapshotId}' of search space '${searchSpace}'`);
}

/** The manifest of a complete snapshot; undefined where there is none. */
export async function findManifest(
  store: Store,
  searchSpace: SearchSpaceId,
  snapshotId: string,
): Promise<Manifest | undefined> {
  return (await readJson(store, snapshotKey(searchSpace, snapshotId, 'manifest.json'), manifestSchema))?.value;
}

/** Measurements in columns: row i is `texts[architecture[i]]` on `manifest.targets[target[i]]`. */
export interface SnapshotMeasurements {
  readonly texts: readonly string[];
  readonly target: Int32Array;
  readonly architecture: Int32Array;
  readonly latencyMs: Float64Array;
}

/** @throws DomainError `internal` when the file is not the one that the manifest names */
export async function readMeasurements(store: Store, manifest: Manifest): Promise<SnapshotMeasurements> {
  const key = snapshotKey(manifest.searchSpace, manifest.snapshotId, 'measurements.parquet');
  const bytes = (await store.get(key))?.body;
  if (!bytes || createHash('sha256').update(bytes).digest('hex') !== manifest.measurements.sha256) {
    throw new DomainError('internal', `'${key}' is ${bytes ? 'not the file of its manifest' : 'missing'}`);
  }
  const { rows } = manifest.measurements;
  const target = new Int32Array(rows);
  const architecture = new Int32Array(rows);
  const latencyMs = new Float64Array(rows);
  const targetIndex = new Map(manifest.targets.map(({ id }, index) => [id, index]));
  const textIndex = new Map<string, number>();
  const indexOf = (text: string): number => {
    const known = textIndex.get(text) ?? textIndex.size;
    if (known === textIndex.size) textIndex.set(text, known);
    return known;
  };
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  // Column by column: only one column is ever held as JavaScript strings.
  const column = (name: string, take: (value: unknown, row: number) => void): Promise<void> =>
    parquetRead({
      file,
      columns: [name],
      onChunk({ columnData, rowStart }) {
        for (let i = 0; i < columnData.length; i++) take(columnData[i], rowStart + i);
      },
    });
  await column('target', (value, row) => {
    target[row] = targetIndex.get(value as string)!;
  });
  await column('architecture', (value, row) => {
    architecture[row] = indexOf(value as string);
  });
  await column('latencyMs', (value, row) => {
    latencyMs[row] = value as number;
  });
  return { texts: [...textIndex.keys()], target, architecture, latencyMs };
}
