// Use case: uploads that were put into their place and never processed are found and processed. Events can be lost, can
// fail every time, and S3 promises no deadline; the object and the record that says `waiting` are still there.
import { inOrder } from '#core/store/in-order.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { type IngestDependencies, type IngestResult, ingestUpload, type UploadedObject } from './ingest-upload.ts';
import { parseIncomingKey, uploadKey } from './keys.ts';
import { uploadRecordSchema } from './upload-record.ts';

/** An object of the uploads bucket, as a list shows it. */
export interface PlacedObject extends UploadedObject {
  /** When it was put, by the store's clock, ms since the epoch. */
  readonly placedAtMs: number;
}

export interface SweepRange {
  /** Objects that were put longer ago are left alone. Undefined: none is too old. */
  readonly newestS?: number | undefined;
  /** Objects that were put since are left to their event. */
  readonly settledS: number;
}

export interface SweepDependencies extends IngestDependencies {
  /** All objects under `incomingPrefix`. */
  readonly placed: () => AsyncIterable<PlacedObject>;
  /** Whether there is time for one more upload. */
  readonly hasTime: () => boolean;
  /** Told of each upload that was found waiting, as it ends. */
  readonly onFound?: (object: PlacedObject, outcome: IngestResult | Error) => void;
}

export interface SweepReport {
  /** Objects of the range. */
  readonly looked: number;
  /** Found waiting, or with a record that cannot be read. */
  readonly found: number;
  /** Those of them whose processing threw. They are found again by the next sweep. */
  readonly failed: number;
  /** False where time ran out or too much failed, and objects of the range were not looked at. */
  readonly complete: boolean;
}

/** Records that are read at once. */
const atOnce = 16;
/** A sweep that meets nothing but failures does not go on: the store is ill, not the uploads. */
const failuresInARow = 20;

/** Safe beside events and other sweeps: whoever finishes an upload first is right, and nothing is done twice. */
export async function sweepUploads(dependencies: SweepDependencies, range: SweepRange): Promise<SweepReport> {
  const { data, placed, hasTime, onFound } = dependencies;
  const startedMs = dependencies.now();
  let looked = 0;
  let found = 0;
  let failed = 0;
  let failing = 0;
  for await (const batch of inBatches(inRange(placed(), range, startedMs), atOnce)) {
    const read = inOrder(batch, atOnce, async (object) => ({
      object,
      waits: await isWaiting(data, object).catch(asError),
    }));
    for await (const { object, waits } of read) {
      if (!hasTime() || failing >= failuresInARow) return { looked, found, failed, complete: false };
      looked++;
      if (waits === false) continue;
      found++;
      const outcome = waits === true ? await ingestUpload(dependencies, object).catch(asError) : waits;
      failing = outcome instanceof Error ? failing + 1 : 0;
      if (outcome instanceof Error) failed++;
      onFound?.(object, outcome);
    }
  }
  return { looked, found, failed, complete: true };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

async function isWaiting(data: Store, { key }: PlacedObject): Promise<boolean> {
  const place = parseIncomingKey(key);
  const record = place && (await readJson(data, uploadKey(place.uploadId), uploadRecordSchema));
  return record?.value.status === 'waiting';
}

async function* inRange(
  objects: AsyncIterable<PlacedObject>,
  { newestS = Number.POSITIVE_INFINITY, settledS }: SweepRange,
  nowMs: number,
): AsyncGenerator<PlacedObject> {
  for await (const object of objects) {
    const ageS = (nowMs - object.placedAtMs) / 1000;
    if (ageS >= settledS && ageS <= newestS) yield object;
  }
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
