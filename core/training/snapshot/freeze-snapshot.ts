// Use case: freeze the dataset as it is now. The same dataset gives the same snapshot, under the same id
// and with the same bytes, so that freezing it again changes nothing and can be cut off anywhere.
import { createHash } from 'node:crypto';
import { mergeMeasurements, mergeModels } from '#core/dataset/merge-measurements.ts';
import { DomainError } from '#core/errors.ts';
import { runtimeAtLevel } from '#core/predictor/operators/runtime-at-level.ts';
import { workloadKey } from '#core/search-space/workload.ts';
import { inOrder } from '#core/store/in-order.ts';
import { putIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { targetIdIn, targetsPrefix } from '#core/targets/keys.ts';
import { descriptorInUse, inUseOf, readTargetData } from '#core/targets/target-in-use.ts';
import { type TargetRecord, targetRecordSchema } from '#core/targets/target-record.ts';
import { type OrderBook, readOrders } from '#core/targets/withdrawal-orders.ts';
import { type SnapshotFile, snapshotKey } from '#core/training/keys.ts';
import { hardwareKeyOf } from './hardware-key.ts';
import { type Manifest, manifestSchema, type SnapshotTarget } from './snapshot.ts';
import { type FinishedFile, type MeasurementRow, SnapshotFiles, type TargetContent } from './snapshot-files.ts';
import { trainingVerdicts } from './training-rule.ts';

/** Objects read at once: enough to hide S3's delay, few enough to keep memory small. */
const readsAtOnce = 16;

export interface FreezeOptions {
  /** Called now and then with how many of the targets are read; what it throws ends the freezing. */
  readonly onProgress?: (done: number, total: number) => Promise<void>;
}

/** @throws DomainError `too-few-measurements` where no target may be learned from */
export async function freezeSnapshot(store: Store, { onProgress }: FreezeOptions = {}): Promise<Manifest> {
  const records = await readRecords(store);
  const orders = await readOrders(store);
  const verdicts = trainingVerdicts(records);
  const files = new SnapshotFiles();
  const targets: SnapshotTarget[] = [];
  const read = async (record: TargetRecord) => ({ record, ...(await measured(store, record, orders)) });
  let done = 0;
  for await (const { record, rows, graphs, descriptor } of inOrder(records, readsAtOnce, read)) {
    done++;
    if (done % 50 === 0) await onProgress?.(done, records.length);
    if (rows.length + graphs.length === 0) continue;
    const hardwareKey = hardwareKeyOf(record);
    const verdict = verdicts.get(record.targetId)!;
    const excluded = verdict.enters ? null : verdict.reason;
    const workloads = countWorkloads(rows);
    targets.push({
      ...{ id: record.targetId, hardwareKey, measurements: rows.length, workloads },
      ...(graphs.length > 0 && { models: graphs.length }),
      excluded,
    });
    const runtime = runtimeAtLevel(record.target.runtime);
    files.add(record.targetId, [hardwareKey, excluded], { rows, graphs, descriptor, runtime });
  }
  if (targets.every(({ excluded }) => excluded !== null)) {
    const found = `${targets.length} with measurements, ${targets.length} not to be learned from`;
    throw new DomainError('too-few-measurements', `there is no target to learn from (${found})`);
  }
  const there = new Set(targets.map(({ id }) => id));
  const hardwareKeys = [
    ...new Set(
      records
        .toSorted(byAge)
        .filter((r) => there.has(r.targetId))
        .map(hardwareKeyOf),
    ),
  ];
  return write(store, targets, hardwareKeys, files.finish(hardwareKeys));
}

/** In the order of their ids. */
async function readRecords(store: Store): Promise<TargetRecord[]> {
  const keys: string[] = [];
  for await (const key of store.list(targetsPrefix)) if (targetIdIn(targetsPrefix, key) !== undefined) keys.push(key);
  const records: TargetRecord[] = [];
  const read = (key: string) => readJson(store, key, targetRecordSchema);
  for await (const record of inOrder(keys, readsAtOnce, read)) if (record) records.push(record.value);
  return records.sort((a, b) => compare(a.targetId, b.targetId));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byAge = (a: TargetRecord, b: TargetRecord): number =>
  compare(a.createdAt, b.createdAt) || compare(a.targetId, b.targetId);

/** What is in use, by workload, then by architecture; and of operator graphs, by hash. */
async function measured(
  store: Store,
  { targetId }: TargetRecord,
  orders: OrderBook,
): Promise<Omit<TargetContent, 'runtime'>> {
  const all = await readTargetData(store, targetId);
  if (!all) return { rows: [], graphs: [], descriptor: null };
  const inUse = inUseOf(all, orders);
  const descriptor = await descriptorInUse(store, all, inUse);
  return {
    rows: mergeMeasurements(inUse.data),
    graphs: mergeModels(inUse.data),
    descriptor: descriptor?.descriptor ?? null,
  };
}

/** How many rows are of each workload, in the order in which they first come. */
function countWorkloads(rows: readonly MeasurementRow[]): SnapshotTarget['workloads'] {
  const counts = new Map<string, SnapshotTarget['workloads'][number]>();
  for (const { workload } of rows) {
    const key = workloadKey(workload);
    counts.set(key, { ...workload, measurements: (counts.get(key)?.measurements ?? 0) + 1 });
  }
  return [...counts.values()];
}

async function write(
  store: Store,
  targets: SnapshotTarget[],
  hardwareKeys: string[],
  { contentSha256, measurements, descriptors, graphs, counted }: ReturnType<SnapshotFiles['finish']>,
): Promise<Manifest> {
  const snapshotId = contentSha256.slice(0, 16);
  const before = await readJson(store, snapshotKey(snapshotId, 'manifest.json'), manifestSchema);
  if (before) return before.value;
  // What is there already is the same: from a freezing that was cut off, or another one is writing the same bytes now.
  const put = async (file: SnapshotFile, body: Uint8Array): Promise<void> => {
    const key = snapshotKey(snapshotId, file);
    if ((await putIfAbsent(store, key, body)) || (await store.get(key))) return;
    throw new DomainError('precondition-failed', `'${key}' is being written by another run`);
  };
  const describe = ({ bytes, rows }: FinishedFile): Manifest['measurements'] => ({
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: bytes.length,
    rows,
  });
  const manifest: Manifest = {
    format: 'sugarbush-snapshot',
    formatVersion: 2,
    snapshotId,
    contentSha256,
    hardwareKeys,
    targets,
    measurements: describe(measurements),
    descriptors: describe(descriptors),
    ...(graphs !== undefined && { graphs: describe(graphs) }),
    ...(counted !== undefined && { counted: describe(counted) }),
  };
  await put('measurements.parquet', measurements.bytes);
  await put('descriptors.parquet', descriptors.bytes);
  if (graphs !== undefined) await put('graphs.parquet', graphs.bytes);
  if (counted !== undefined) await put('counted.parquet', counted.bytes);
  await put('manifest.json', new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`));
  return manifest;
}
