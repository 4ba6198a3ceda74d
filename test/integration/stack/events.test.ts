// Bucket events of the embedded stack, from a put over HTTP to the function: filters, retries, double delivery, what
// happens to events that fail every time, and events that a killed or closed stack had not delivered.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Stack, type StackOptions, startStack } from '#stack/stack.ts';
import { bucket, lambda, notification, writeAssembly } from './write-assembly.ts';

interface Line {
  readonly key: string;
  readonly eventName: string;
  readonly bucket: string;
  readonly size: number;
  readonly failed: boolean;
}

let folder: string;
let stack: Stack;
let s3: S3Client | undefined;

const start = async (options: Partial<StackOptions> = {}): Promise<void> => {
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Uploads: bucket(),
    Failures: bucket(),
    Ingest: lambda('index.records', {
      Environment: { Variables: { RECORD_FILE: join(folder, 'records') } },
      ReservedConcurrentExecutions: 2,
    }),
    Wire: notification('Uploads', 'Ingest', { prefix: 'incoming/', suffix: '.gz' }),
    OnFailure: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Ingest' },
        Qualifier: '$LATEST',
        MaximumRetryAttempts: 2,
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failures', 'Arn'] } } },
      },
    },
  });
  const stateDir = join(folder, 'state');
  stack = await startStack({ stateDir, port: 0, templateDir, graceMs: 0, retryDelaysMs: [10, 20], ...options });
  s3 = new S3Client({
    endpoint: stack.s3Url,
    region: stack.region,
    credentials: stack.credentials,
    forcePathStyle: true,
  });
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-events-'));
});
afterEach(async () => {
  await stack.close();
  s3?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const put = (key: string, body = 'x', name = 'Uploads') =>
  s3!.send(new PutObjectCommand({ Bucket: stack.buckets[name], Key: key, Body: body }));

function lines(): Line[] {
  const file = join(folder, 'records');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const within = { timeout: 10_000 };

test('a schedule that says so calls its function at each start too, with the input for that', async () => {
  const Called = lambda('index.records', { Environment: { Variables: { RECORD_FILE: join(folder, 'records') } } });
  const input = (key: string): string =>
    JSON.stringify({ Records: [{ eventName: 'e', s3: { bucket: { name: 'b' }, object: { key, size: 1 } } }] });
  const Properties = (State: string, key: string) => ({
    ScheduleExpression: 'rate(1 day)',
    State,
    Target: { Arn: { 'Fn::GetAtt': ['Called', 'Arn'] }, Input: input(key) },
  });
  const Type = 'AWS::Scheduler::Schedule';
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Called,
    Quiet: { Type, Properties: Properties('ENABLED', 'quiet') },
    Off: { Type, Properties: Properties('DISABLED', 'off'), Metadata: { 'sugarbush:at-start': input('off') } },
    Wanted: { Type, Properties: Properties('ENABLED', 'daily'), Metadata: { 'sugarbush:at-start': input('start') } },
  });
  for (const starts of [['start'], ['start', 'start']]) {
    stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir, graceMs: 0 });
    await expect.poll(() => lines().map(({ key }) => key), within).toEqual(starts);
    await stack.close();
  }
});

test('an object that meets prefix and suffix reaches the function, and no other', async () => {
  await start();
  await put('other/a.gz');
  await put('incoming/a.txt');
  await put('incoming/a.gz', 'x', 'Failures');
  await put('incoming/dévice 1/a+b.gz', 'hello');
  await expect.poll(lines, within).toEqual([
    {
      key: 'incoming/dévice 1/a+b.gz',
      eventName: 'ObjectCreated:Put',
      bucket: stack.buckets['Uploads'],
      size: 5,
      failed: false,
    },
  ]);
});

test('a failed try is repeated, also when the process died', async () => {
  await start();
  await put('incoming/fail-2.gz');
  await put('incoming/fail-1-die.gz');
  await expect
    .poll(
      () =>
        lines()
          .filter(({ failed }) => !failed)
          .map(({ key }) => key)
          .sort(),
      within,
    )
    .toEqual(['incoming/fail-1-die.gz', 'incoming/fail-2.gz']);
  expect(lines().filter(({ failed }) => failed)).toHaveLength(3);
});

test('what fails every time goes to the failure destination with the event and the error', async () => {
  await start();
  await put('incoming/fail-9.gz');
  const listed = async () =>
    (await s3!.send(new ListObjectsV2Command({ Bucket: stack.buckets['Failures'] }))).Contents ?? [];
  await expect.poll(async () => (await listed()).length, within).toBe(1);
  const Key = (await listed())[0]?.Key ?? '';
  expect(Key).toMatch(
    /^aws\/lambda\/async\/Service-Ingest\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
  );
  const got = await s3!.send(new GetObjectCommand({ Bucket: stack.buckets['Failures'], Key }));
  expect(JSON.parse(await text(got.Body as Readable))).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    requestPayload: { Records: [{ s3: { object: { key: 'incoming/fail-9.gz' } } }] },
    responsePayload: { errorMessage: 'failing on incoming/fail-9.gz' },
  });
  expect(lines()).toHaveLength(3);
});

test('on request every event is delivered twice; none is lost under a small concurrency', async () => {
  await start({ eventDeliveries: 2 });
  const keys = Array.from({ length: 25 }, (_, at) => `incoming/${String(at).padStart(2, '0')}.gz`);
  await Promise.all(keys.map((key) => put(key)));
  await expect
    .poll(
      () =>
        lines()
          .map(({ key }) => key)
          .sort(),
      within,
    )
    .toEqual(keys.flatMap((key) => [key, key]));
});

test('an event that was being retried when the stack closed is delivered after the next start', async () => {
  await start({ retryDelaysMs: [60_000] });
  await put('incoming/fail-1.gz');
  await expect.poll(() => lines().length, within).toBe(1);
  await stack.close();
  s3?.destroy();
  await start();
  await expect.poll(() => lines().map(({ failed }) => failed), within).toEqual([true, false]);
});
