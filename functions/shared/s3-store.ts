// The storage port over S3. Uses the ordinary client: credentials, region and endpoint come from the environment,
// retries with backoff from the SDK.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { DomainError } from '#core/errors.ts';
import type { Store, StoredObject, WriteCondition } from '#core/store/store.ts';

export interface S3StoreOptions {
  readonly bucket: string;
  readonly client?: S3Client;
}

/** A client with this service's timeouts and retries; everything else comes from the environment. */
export function s3Client(): S3Client {
  return new S3Client({
    maxAttempts: 4,
    // Without it the SDK adds a CRC32 trailer to every PUT; bodies are signed with their SHA-256 as it is.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 2000, requestTimeout: 8000 },
  });
}

/** The store port over one bucket. Rejects with the SDK's errors where the port names none. */
export function s3Store({ bucket, client = s3Client() }: S3StoreOptions): Store {
  async function get(key: string, ifNoneMatch?: string): Promise<StoredObject | undefined | 'not-modified'> {
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, IfNoneMatch: ifNoneMatch });
      const { Body, ETag } = await client.send(command);
      return { body: await Body!.transformToByteArray(), etag: ETag! };
    } catch (error) {
      const status = statusOf(error);
      if (status === 304) return 'not-modified';
      if (status === 404) return undefined;
      throw error;
    }
  }

  return {
    get: get as Store['get'],

    async put(key: string, body: Uint8Array, condition: WriteCondition = {}) {
      const { ifMatch: IfMatch, ifNoneMatch: IfNoneMatch } = condition;
      try {
        const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfMatch, IfNoneMatch });
        return { etag: (await client.send(command)).ETag! };
      } catch (cause) {
        const status = statusOf(cause);
        // 404: If-Match on a key that is not there. 409: another conditional write of the key is under way.
        const failed = status === 412 || status === 409 || (status === 404 && IfMatch !== undefined);
        if (!failed) throw cause;
        throw new DomainError('precondition-failed', `'${key}' is not as the write expected it`, { cause });
      }
    },

    async *list(prefix: string, after?: string) {
      for await (const page of paginateListObjectsV2(
        { client },
        { Bucket: bucket, Prefix: prefix, StartAfter: after },
      )) {
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      }
    },

    async delete(key: string) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },

    /** 20 ms doubling up to a second, of which up to half is random. */
    pause: (attempt: number) => sleep(Math.min(20 * 2 ** attempt, 1000) * (0.5 + Math.random() / 2)),
  };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
