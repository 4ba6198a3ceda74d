// The storage port over S3. Uses the ordinary client: credentials, region and endpoint come from the environment,
// retries with backoff from the SDK. Every call ends in time, also where the other side accepts it and says nothing.
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { DomainError } from '#core/errors.ts';
import type { Store, StoredObject, WriteCondition } from '#core/store/store.ts';
import { conditionalPut } from './conditional-put.ts';
import { withinDeadline } from './deadline.ts';
import { clientLimits, ownTimeLimits, type TimeLimits } from './time-limits.ts';

export interface S3StoreOptions {
  readonly bucket: string;
  readonly client?: S3Client;
  /** Limits of the store's calls; those within a call are the client's. Default: what the environment says. */
  readonly limits?: TimeLimits;
}

/** A client with this service's time limits and retries; everything else comes from the environment. */
export function s3Client(limits: TimeLimits = ownTimeLimits(process.env)): S3Client {
  return new S3Client({
    ...clientLimits(limits),
    // Without it the SDK adds a CRC32 trailer to every PUT; bodies are signed with their SHA-256 as it is.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** The store port over one bucket. Rejects with the SDK's errors where the port names none, and with a DeadlineError
 * where a call, or a page of a list, takes longer than its limit. */
export function s3Store({
  bucket,
  limits = ownTimeLimits(process.env),
  client = s3Client(limits),
}: S3StoreOptions): Store {
  const { attempts, attemptMs, callMs } = limits;

  async function get(key: string, ifNoneMatch?: string): Promise<StoredObject | undefined | 'not-modified'> {
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, IfNoneMatch: ifNoneMatch });
    try {
      return await withinDeadline(`get '${key}'`, callMs, (signal) => getWhole(command, signal));
    } catch (error) {
      const status = statusOf(error);
      if (status === 304) return 'not-modified';
      if (status === 404) return undefined;
      throw error;
    }
  }

  /** The SDK tries again until an answer begins; one that breaks off, or stops, is asked for again here. */
  async function getWhole(command: GetObjectCommand, signal: AbortSignal): Promise<StoredObject> {
    for (let attempt = 1; ; attempt++) {
      const { Body, ETag } = await client.send(command, { abortSignal: signal });
      try {
        return { body: await wholeBody(Body!), etag: ETag! };
      } catch (error) {
        if (attempt === attempts || signal.aborted) throw error;
      }
    }
  }

  async function wholeBody(body: NonNullable<GetObjectCommandOutput['Body']>): Promise<Uint8Array> {
    const stream = body as Readable & typeof body;
    return withinDeadline('the rest of an answer', attemptMs, (late) => {
      late.addEventListener('abort', () => stream.destroy(), { once: true });
      return stream.transformToByteArray();
    });
  }

  return {
    get: get as Store['get'],

    async put(key: string, body: Uint8Array, condition: WriteCondition = {}) {
      const etag = await withinDeadline(`put '${key}'`, callMs, async (abortSignal) => {
        const { ifMatch, ifNoneMatch } = condition;
        if (ifMatch !== undefined || ifNoneMatch !== undefined) {
          return conditionalPut(client, { bucket, key, body, condition }, abortSignal);
        }
        const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body });
        return (await client.send(command, { abortSignal })).ETag!;
      }).catch((cause: unknown) => {
        // The embedded stack's answer on a full disk; S3 itself is never full.
        if (statusOf(cause) !== 507) throw cause;
        throw new DomainError('storage-full', `'${key}' was not written: the store has no space left`, { cause });
      });
      return { etag };
    },

    async *list(prefix: string, after?: string) {
      let token: string | undefined;
      do {
        const command: ListObjectsV2Command = new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token === undefined ? { StartAfter: after } : { ContinuationToken: token }),
        });
        const send = (abortSignal: AbortSignal) => client.send(command, { abortSignal });
        const page = await withinDeadline(`list '${prefix}'`, callMs, send);
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
        token = page.NextContinuationToken;
      } while (token !== undefined);
    },

    async delete(key: string) {
      const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
      await withinDeadline(`delete '${key}'`, callMs, (abortSignal) => client.send(command, { abortSignal }));
    },

    /** 20 ms doubling up to a second, of which up to half is random. */
    pause: (attempt: number) => sleep(Math.min(20 * 2 ** attempt, 1000) * (0.5 + Math.random() / 2)),
  };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
