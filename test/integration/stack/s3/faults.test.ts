// Injected faults look to the SDK like S3's own, and requests are counted per operation.

import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Fault, FaultRequest } from '#stack/s3/server.ts';
import { client, refusal, startEndpoint } from './endpoint.ts';
import { send } from './raw-http.ts';

const Bucket = 'data';

describe('faults', () => {
  it('are answered instead of the operation, or after it', async () => {
    let next: Fault | undefined;
    const asked: FaultRequest[] = [];
    const endpoint = await startEndpoint({
      faults: (request) => {
        asked.push(request);
        return next;
      },
    });
    const s3 = client(endpoint);
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const get = (Key: string) => s3.send(new GetObjectCommand({ Bucket, Key }));

    for (const [status, code] of [
      [500, 'InternalError'],
      [503, 'SlowDown'],
      [409, 'ConditionalRequestConflict'],
      [412, 'PreconditionFailed'],
    ] as const) {
      next = { status, code };
      expect(await refusal(put('never'))).toEqual({ status, code });
      expect(await refusal(get('never'))).toEqual({ status, code });
      expect((await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'never' })))).status).toBe(status);
    }
    expect(asked[0]).toEqual({ operation: 'PutObject', method: 'PUT', bucket: Bucket, key: 'never' });
    next = { status: 500, code: 'InternalError', afterEffect: true };
    expect(await refusal(put('done'))).toEqual({ status: 500, code: 'InternalError' });
    next = undefined;
    expect((await get('done')).ContentLength).toBe(1);
    expect((await refusal(get('never'))).code).toBe('NoSuchKey');
  });

  it("are outlived by the SDK's retries", async () => {
    let call = 0;
    const endpoint = await startEndpoint({
      faults: () => (call++ % 3 === 0 ? { status: 503, code: 'SlowDown' } : undefined),
    });
    const s3 = client(endpoint, { maxAttempts: 4 });
    for (let index = 0; index < 4; index++)
      await s3.send(new PutObjectCommand({ Bucket, Key: `${index}`, Body: 'x'.repeat(100_000) }));
    expect(endpoint.counts().PutObject).toBe(6);
  });
});

describe('counts', () => {
  it('are per operation, refused requests included', async () => {
    const endpoint = await startEndpoint();
    const s3 = client(endpoint);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'b' })));
    await send(`${endpoint.url}/${Bucket}/a`, { method: 'PATCH' });
    expect(endpoint.counts()).toEqual({
      ListObjectsV2: 0,
      PutObject: 1,
      GetObject: 2,
      HeadObject: 0,
      DeleteObject: 0,
      Unknown: 1,
    });
  });
});
