// What the endpoint tells of writes: the form of S3's own records, once durable, at least once across kills.

import { readFileSync } from 'node:fs';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3EventRecord } from 'aws-lambda';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startS3 } from '#stack/s3/server.ts';
import { client, credentials, refusal, region, startEndpoint, temporaryFolder } from './endpoint.ts';

const Bucket = 'uploads';
const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});

afterEach(() => complaints.mockClear());

describe('events', () => {
  it('have the form of the records that S3 sends', async () => {
    const records: S3EventRecord[] = [];
    const endpoint = await startEndpoint({
      onEvent: (record) => void records.push(record),
      clock: () => Date.parse('2026-01-02T03:04:05.678Z'),
    });
    const { $metadata } = await put(endpoint, 'in coming/dev+1/ü=(1)~*.json');
    expect(records).toEqual([
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventTime: '2026-01-02T03:04:05.678Z',
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: expect.any(String) },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': $metadata.requestId, 'x-amz-id-2': $metadata.extendedRequestId },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: expect.any(String),
          bucket: { name: Bucket, ownerIdentity: { principalId: expect.any(String) }, arn: `arn:aws:s3:::${Bucket}` },
          object: {
            key: 'in+coming/dev%2B1/%C3%BC%3D%281%29%7E*.json',
            size: 4,
            eTag: '841a2d689ad86bd1611447453c22c6fc', // md5sum of "body"
            sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
          },
        },
      },
    ]);
  });

  // The clock of the record above is far from the signer's: this client signs by that clock.
  function put(endpoint: { url: string }, Key: string, Body = 'body') {
    const s3 = client(endpoint, { systemClockOffset: Date.parse('2026-01-02T03:04:05.678Z') - Date.now() });
    return s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  }

  it('tell of puts and removals in order, and of nothing that was refused or not there', async () => {
    const records: S3EventRecord[] = [];
    const endpoint = await startEndpoint({ onEvent: (record) => void records.push(record) });
    const s3 = client(endpoint);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
    await refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'b', IfNoneMatch: '*' })));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
    expect(records.map(({ eventName, s3: { object } }) => [eventName, object.key, object.size])).toEqual([
      ['ObjectCreated:Put', 'a', 1],
      ['ObjectCreated:Put', 'b', 1],
      ['ObjectRemoved:Delete', 'a', undefined],
      ['ObjectRemoved:Delete', 'b', undefined],
    ]);
    const sequencers = records.map((record) => record.s3.object.sequencer);
    expect(sequencers).toEqual(sequencers.toSorted());
    expect(new Set(sequencers).size).toBe(4);
  });

  it('come after the object can be read, and their failure does not fail the write', async () => {
    const seen: string[] = [];
    let reads: Promise<void> = Promise.resolve();
    const endpoint = await startEndpoint({
      onEvent: (record) => {
        reads = s3.send(new GetObjectCommand({ Bucket, Key: record.s3.object.key })).then(async ({ Body }) => {
          seen.push(await Body!.transformToString());
        });
        throw new Error('the consumer is down');
      },
    });
    const s3 = client(endpoint);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'durable' }));
    await reads;
    expect(seen).toEqual(['durable']);
    expect(complaints).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('ObjectCreated:Put uploads/a'),
      expect.any(Error),
    );
  });

  it('are told again after a stop, where the consumer had not finished', async () => {
    const stateDir = temporaryFolder();
    const options = { stateDir, credentials, region, buckets: [Bucket] };
    const first = await startS3({
      ...options,
      onEvent: ({ s3: { object } }) =>
        object.key.startsWith('done') ? Promise.resolve() : Promise.reject(new Error('the consumer is down')),
    });
    const s3 = client(first);
    for (const Key of ['done 1', 'lost 1', 'done 2', 'lost 2', 'lost and removed'])
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'lost and removed' }));
    await first.close();

    const records: S3EventRecord[] = [];
    const second = await startS3({ ...options, onEvent: (record) => void records.push(record) });
    expect(records).toEqual([]);
    // Everything from the oldest unfinished one on: at least once, never less.
    expect(second.redeliverEvents()).toBe(3);
    expect(second.redeliverEvents()).toBe(0);
    await second.close();
    expect(records.map(({ eventName, s3: { object } }) => [eventName, object.key, object.size])).toEqual([
      ['ObjectCreated:Put', 'lost+1', 6],
      ['ObjectCreated:Put', 'done+2', 6],
      ['ObjectCreated:Put', 'lost+2', 6],
    ]);

    const third = await startS3({ ...options, onEvent: () => {} });
    expect(third.redeliverEvents()).toBe(0);
    await third.close();
    expect(readFileSync(`${stateDir}/events.json`, 'utf8')).toContain(records[2]!.s3.object.sequencer);
  });
});
