// A snapshot: an immutable version of the dataset. Parquet files with the measurements, the descriptors and, where
// there are some, measurements of operator graphs and targets with counters, and a manifest with their hashes, written
// last: a snapshot with a manifest is complete.
import { createHash } from 'node:crypto';
import { parquetRead } from 'hyparquet';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { type Workload, workloadSchema } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { type SnapshotFile, snapshotKey } from '#core/training/keys.ts';

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileSchema = z.strictObject({
  sha256: hex256,
  sizeBytes: z.int().positive(),
  rows: z.int().nonnegative(),
});

export const manifestSchema = z.strictObject({
  format: z.literal('sugarbush-snapshot'),
  formatVersion: z.literal(2),
  /** Derived from the content alone. */
  snapshotId: z.string().regex(/^[0-9a-f]{16}$/),
  contentSha256: hex256,
  /** Hardware keys (hardware-key.ts), in the order in which their first targets became known: a new one comes last, so
   * that folds stay as they are. */
  hardwareKeys: z.array(z.string()),
  /** By id. */
  targets: z.array(
    z.strictObject({
      id: z.string(),
      hardwareKey: z.string(),
      /** How many networks of search spaces it has. */
      measurements: z.int().nonnegative(),
      /** What was run, and how many architectures of each; they sum to `measurements`. */
      workloads: z.array(z.strictObject({ ...workloadSchema.shape, measurements: z.int().positive() })),
      /** Operator graphs that were measured. Left out: none. */
      models: z.int().positive().exactOptional(),
      /** Why a predictor must not learn from it; null: it may. */
      excluded: z.string().nullable(),
    }),
  ),
  measurements: fileSchema,
  descriptors: fileSchema,
  /** Left out: no operator graph was measured. */
  graphs: fileSchema.exactOptional(),
  /** Left out: no target has counters, or the snapshot was frozen before fits learned from them. */
  counted: fileSchema.exactOptional(),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type SnapshotTarget = Manifest['targets'][number];

/** The manifest of a snapshot; undefined where it has expired. */
export async function findManifest(store: Store, snapshotId: string): Promise<Manifest | undefined> {
  return (await readJson(store, snapshotKey(snapshotId, 'manifest.json'), manifestSchema))?.value;
}

/** @throws DomainError `not-found` */
export async function readManifest(store: Store, snapshotId: string): Promise<Manifest> {
  const manifest = await findManifest(store, snapshotId);
  if (manifest) return manifest;
  throw new DomainError('not-found', `there is no snapshot '${snapshotId}'`);
}

/** Measurements in columns: row i is `texts[architecture[i]]` of `workloads[workload[i]]` on
 * `manifest.targets[target[i]]`. */
export interface SnapshotMeasurements {
  readonly texts: readonly string[];
  readonly workloads: readonly Workload[];
  readonly target: Int32Array;
  readonly workload: Int32Array;
  readonly architecture: Int32Array;
  readonly latencyMs: Float64Array;
}

/** What an operator graph took on `manifest.targets[target]`. */
export interface GraphMeasurement {
  readonly target: number;
  /** Hash of the graph. */
  readonly model: string;
  readonly latencyMs: number;
}

/** In the order of the targets, then of the hashes.
 * @throws DomainError `internal` when the file is not the one that the manifest names */
export async function readGraphMeasurements(store: Store, manifest: Manifest): Promise<GraphMeasurement[]> {
  if (manifest.graphs === undefined) return [];
  const file = await readSnapshotFile(store, manifest, 'graphs.parquet', manifest.graphs.sha256);
  const targetIndex = new Map(manifest.targets.map(({ id }, index) => [id, index]));
  const measured: GraphMeasurement[] = [];
  await parquetRead({
    file,
    rowFormat: 'object',
    onComplete(rows) {
      for (const { target, model, latencyMs } of rows as unknown as GraphRow[]) {
        measured.push({ target: targetIndex.get(target)!, model, latencyMs });
      }
    },
  });
  return measured;
}

type GraphRow = Omit<GraphMeasurement, 'target'> & { readonly target: string };

/** @throws DomainError `internal` when the file is not the one that the manifest names */
export async function readSnapshotFile(
  store: Store,
  { snapshotId }: Manifest,
  name: SnapshotFile,
  sha256: string,
): Promise<ArrayBuffer> {
  const key = snapshotKey(snapshotId, name);
  const bytes = (await store.get(key))?.body;
  if (!bytes || createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new DomainError('internal', `'${key}' is ${bytes ? 'not the file of its manifest' : 'missing'}`);
  }
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** @throws DomainError `internal` when the file is not the one that the manifest names */
export async function readMeasurements(store: Store, manifest: Manifest): Promise<SnapshotMeasurements> {
  const file = await readSnapshotFile(store, manifest, 'measurements.parquet', manifest.measurements.sha256);
  const { rows } = manifest.measurements;
  const target = new Int32Array(rows);
  const architecture = new Int32Array(rows);
  const latencyMs = new Float64Array(rows);
  const targetIndex = new Map(manifest.targets.map(({ id }, index) => [id, index]));
  const textIndex = new Map<string, number>();
  const inputSizes = new Int32Array(rows);
  const batchSizes = new Int32Array(rows);
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
    architecture[row] = indexIn(textIndex, value as string);
  });
  const spaceIndex = new Map<string, number>();
  const space = new Int32Array(rows);
  await column('searchSpace', (value, row) => {
    space[row] = indexIn(spaceIndex, value as string);
  });
  await column('inputSize', (value, row) => {
    inputSizes[row] = (value as number | null) ?? 0;
  });
  await column('batchSize', (value, row) => {
    batchSizes[row] = value as number;
  });
  await column('latencyMs', (value, row) => {
    latencyMs[row] = value as number;
  });
  const { workloads, workload } = workloadsOf([...spaceIndex.keys()], space, inputSizes, batchSizes);
  return { texts: [...textIndex.keys()], workloads, target, workload, architecture, latencyMs };
}

function indexIn(known: Map<string, number>, text: string): number {
  const index = known.get(text) ?? known.size;
  if (index === known.size) known.set(text, index);
  return index;
}

/** Which workload every row is of. An input size of 0: the search space has none. */
function workloadsOf(spaces: readonly string[], space: Int32Array, inputSizes: Int32Array, batchSizes: Int32Array) {
  const known = new Map<string, number>();
  const workloads: Workload[] = [];
  const workload = space.map((own, row) => {
    const index = indexIn(known, `${own} ${inputSizes[row]} ${batchSizes[row]}`);
    if (index === workloads.length) {
      const inputSize = inputSizes[row] === 0 ? null : inputSizes[row];
      workloads.push(workloadSchema.parse({ searchSpace: spaces[own], inputSize, batchSize: batchSizes[row] }));
    }
    return index;
  });
  return { workloads, workload };
}
