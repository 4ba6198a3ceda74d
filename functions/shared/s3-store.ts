// The storage port over S3. Credentials, region and endpoint come from the environment unless the client has its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#core/errors.ts';
import type { Store, StoredObject, WriteCondition } from '#core/store/store.ts';
import { listObjects } from './aws/list-objects.ts';
import { type S3Client, s3Client } from './aws/s3-client.ts';
import type { ServiceAnswer } from './aws/service-client.ts';
import { AwsServiceError } from './aws/service-error.ts';
import { conditionalPut } from './conditional-put.ts';

export interface S3StoreOptions {
  readonly bucket: string;
  readonly client?: S3Client;
  /** False: the function may get objects and not list them, and what S3 denies is taken for missing. Default true. */
  readonly mayList?: boolean;
}

/** The store port over one bucket. Rejects with AwsServiceError where the port names no error, and with a DeadlineError
 * where a call, or a page of a list, takes longer than its limit. */
export function s3Store({ bucket, client = s3Client(), mayList = true }: S3StoreOptions): Store {
  async function get(key: string, ifNoneMatch?: string): Promise<StoredObject | undefined | 'not-modified'> {
    const headers = ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch };
    let answer: ServiceAnswer;
    try {
      answer = await client.send({ method: 'GET', bucket, key, headers }, [304, 404]);
    } catch (error) {
      if (await isMissing(key, error)) return undefined;
      throw error;
    }
    if (answer.status === 304) return 'not-modified';
    if (answer.status === 404) return undefined;
    return { body: new Uint8Array(answer.body), etag: answer.headers.etag! };
  }

  /** To who may list some prefixes only, S3 says 403 of a key that is not there: a list tells the two apart. */
  async function isMissing(key: string, error: unknown): Promise<boolean> {
    if (!(error instanceof AwsServiceError && error.status === 403)) return false;
    if (!mayList) return true;
    try {
      for await (const first of listObjects(client, { bucket, prefix: key })) return first.key !== key;
      return true;
    } catch {
      return false;
    }
  }

  return {
    get: get as Store['get'],

    async put(key: string, body: Uint8Array, condition: WriteCondition = {}) {
      const isConditional = condition.ifMatch !== undefined || condition.ifNoneMatch !== undefined;
      try {
        return {
          etag: isConditional ? await conditionalPut(client, { bucket, key, body, condition }) : await plainPut(),
        };
      } catch (cause) {
        // The embedded stack's answer on a full disk; S3 itself is never full.
        if (!(cause instanceof AwsServiceError && cause.status === 507)) throw cause;
        throw new DomainError('storage-full', `'${key}' was not written: the store has no space left`, { cause });
      }

      async function plainPut(): Promise<string> {
        const headers = { 'content-type': 'application/octet-stream' };
        return (await client.send({ method: 'PUT', bucket, key, headers, body })).headers.etag!;
      }
    },

    async *list(prefix: string, after?: string) {
      for await (const { key } of listObjects(client, { bucket, prefix, after })) yield key;
    },

    async delete(key: string) {
      await client.send({ method: 'DELETE', bucket, key }, [404]);
    },

    /** 20 ms doubling up to a second, of which up to half is random. */
    pause: (attempt: number) => sleep(Math.min(20 * 2 ** attempt, 1000) * (0.5 + Math.random() / 2)),
  };
}
