// Sends a table through the same door as devices: enrol, register, PUT, wait for the verdict. What is done is
// remembered after each step that cannot be asked for again cheaply, so that an import that was cut off goes on where
// it was.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Client, ReplyOf } from '#client/client.ts';
import type { UploadPlace } from '#client/put-upload.ts';
import { deviceOperations } from '#contract/devices.ts';
import { uploadOperations } from '#contract/uploads.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { tableProfile } from './table-profiles.ts';

/** What an import calls. */
export const importOperations = { ...deviceOperations, ...uploadOperations };
export type ImportClient = Client<typeof importOperations>;
type Upload = ReplyOf<typeof importOperations.showUpload>;

export const importStateSchema = z.strictObject({
  /** Where it went: a state of another service is of no use. */
  api: z.string(),
  device: z.strictObject({ deviceId: z.string(), token: z.string() }).optional(),
  /** By SHA-256 of the profile: its verdict. */
  finished: z.record(
    z.string(),
    z.strictObject({
      status: z.enum(['accepted', 'quarantined']),
      targetId: z.string().nullable(),
      measurements: z.int().nullable(),
      excludedCount: z.int().nullable(),
      reason: z.string().nullable(),
    }),
  ),
});
export type ImportState = z.infer<typeof importStateSchema>;

export interface ImportRequest {
  readonly table: LatencyTable;
  /** Columns to send. */
  readonly columns: readonly string[];
  /** With an operator's token. */
  readonly client: ImportClient;
  readonly state: ImportState;
  /** As people call the table: the same name is the same device, whatever the table says now. Left out: the same
   * architectures are. */
  readonly name?: string | undefined;
  /** Called after each change of the state; told to keep it. */
  readonly keep: (state: ImportState) => void;
  /** Uploads under way at once. */
  readonly atOnce: number;
  /** First with those that were there before, which say nothing of the pace. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface ImportedColumn {
  readonly column: string;
  readonly verdict: ImportState['finished'][string];
  /** It was there before. */
  readonly before: boolean;
}

/** Enrols the device that a table is to a service: with the same name, or without one the same architectures, the same
 * one with a new token. @throws ApiError */
export async function enrolTable(
  client: ImportClient,
  { table, name }: Pick<ImportRequest, 'table' | 'name'>,
): Promise<NonNullable<ImportState['device']>> {
  const identity = name === undefined ? table.texts.join('\n') : `table ${table.searchSpace} ${name}`;
  const idempotencyKey = `import-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
  const called = name === undefined ? `Table ${table.searchSpace}` : `Table ${name} (${table.searchSpace})`;
  const { device, token } = await client.call('enrolDevice', { body: { name: called.slice(0, 64) }, idempotencyKey });
  return { deviceId: device.deviceId, token };
}

/** @throws DomainError from the table or the service; what `signal` was aborted with */
export async function importTable(request: ImportRequest): Promise<ImportedColumn[]> {
  const { table, columns, client, keep, atOnce, onProgress, signal } = request;
  let state = request.state;
  const change = (next: Partial<ImportState>): void => {
    state = { ...state, ...next };
    keep(state);
  };
  let enrolment: Promise<string> | undefined;
  const enrolAgain = async (): Promise<string> => {
    const device = await enrolTable(client, request);
    change({ device });
    return device.token;
  };
  const deviceToken = (): Promise<string> => {
    enrolment ??= state.device ? Promise.resolve(state.device.token) : enrolAgain();
    return enrolment;
  };
  /** The token of a state may have ended since: enrolled once more, it is the same device. */
  const asDevice = async <T>(work: (device: ImportClient) => Promise<T>): Promise<T> => {
    const used = deviceToken();
    try {
      return await work(client.as(await used));
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'unauthorized') throw error;
      // Several may find out at once: the first one enrols.
      if (enrolment === used) enrolment = enrolAgain();
      return work(client.as(await deviceToken()));
    }
  };

  async function bring(column: string): Promise<ImportedColumn> {
    const { bytes, sha256 } = tableProfile(table, column);
    const body = { sizeBytes: bytes.length, sha256 };
    const announced = { body, idempotencyKey: `import-${sha256}` };
    const registered = await asDevice((device) => device.call('registerUpload', announced));
    if (registered.status === 'waiting') await put(registered, bytes);
    const verdict = verdictOf(await finished(registered.uploadId));
    change({ finished: { ...state.finished, [sha256]: verdict } });
    return { column, verdict, before: false };
  }

  async function put(place: UploadPlace, bytes: Uint8Array): Promise<void> {
    if ((await client.putUpload(place, bytes)) !== 'expired') return;
    throw new DomainError('upload-failed', 'the store refuses the profile: the place is closed or not for it');
  }

  async function finished(uploadId: string): Promise<Upload> {
    for (let pauseMs = 100; ; pauseMs = Math.min(2 * pauseMs, 2000)) {
      const upload = await asDevice((device) => device.call('showUpload', { path: { id: uploadId } }));
      if (upload.status !== 'waiting') return upload;
      await sleep(pauseMs, undefined, { signal });
    }
  }

  const results = new Map(knownBefore(request).map((known) => [known.column, known]));
  const waiting = columns.filter((column) => !results.has(column));
  const failed = new AbortController();
  const work = async (): Promise<void> => {
    for (let column = waiting.shift(); column !== undefined; column = waiting.shift()) {
      signal?.throwIfAborted();
      if (failed.signal.aborted) return;
      results.set(column, await bring(column));
      onProgress?.(results.size, columns.length);
    }
  };
  onProgress?.(results.size, columns.length);
  const workers = Array.from({ length: Math.min(atOnce, waiting.length) }, () =>
    work().catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return columns.map((column) => results.get(column)!);
}

function knownBefore({ table, columns, state: { finished } }: ImportRequest): ImportedColumn[] {
  if (Object.keys(finished).length === 0) return [];
  return columns.flatMap((column) => {
    const verdict = finished[tableProfile(table, column).sha256];
    return verdict === undefined ? [] : [{ column, verdict, before: true }];
  });
}

function verdictOf({ status, targetId, measurements, excludedCount, reason }: Upload): ImportState['finished'][string] {
  return {
    status: status === 'accepted' ? 'accepted' : 'quarantined',
    targetId,
    measurements,
    excludedCount,
    reason: reason ? `${reason.code}: ${reason.message}` : null,
  };
}
