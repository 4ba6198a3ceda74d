// The ingest function over the embedded S3 endpoint, with the event that the endpoint itself told: then the same event
// broken one field at a time, and in company.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3EventRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { incomingKey } from '#core/intake/keys.ts';
import { registerUpload } from '#core/intake/register-upload.ts';
import { showUpload } from '#core/intake/show-upload.ts';
import type { Store } from '#core/store/store.ts';
import { type S3Endpoint, startS3 } from '#stack/s3/server.ts';

let folder: string;
let s3: S3Endpoint;
let data: Store;
let uploads: Store;
let handler: (event: unknown) => Promise<void>;
/** What the endpoint told of each write into the uploads bucket, by key. */
const told = new Map<string, S3EventRecord>();
const lines: Record<string, unknown>[] = [];
/** Keys of the data bucket that cannot be read. */
let broken = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sugarbush-ingest-'));
  const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
  s3 = await startS3({
    stateDir: folder,
    credentials,
    region: 'eu-central-1',
    buckets: ['data', 'uploads'],
    onEvent: async (record) => void told.set(record.s3.object.key, record),
    faults: ({ key }) => (key === broken ? { status: 403, code: 'AccessDenied' } : undefined),
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    DATA_BUCKET: 'data',
    UPLOADS_BUCKET: 'uploads',
    POWERTOOLS_LOG_LEVEL: 'INFO',
    POWERTOOLS_DEV: 'false',
  });
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      for (const line of String(text).split('\n')) if (line.startsWith('{')) lines.push(JSON.parse(line));
      return true;
    });
  }
  const { s3Store } = await import('#functions/shared/s3-store.ts');
  data = s3Store({ bucket: 'data' });
  uploads = s3Store({ bucket: 'uploads' });
  ({ handler } = await import('#functions/ingest.ts'));
});
afterAll(async () => {
  vi.restoreAllMocks();
  await s3.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  lines.length = 0;
  broken = '';
});

/** Registers an upload, puts bytes that are no profile into its place, and waits for the endpoint's notice. */
async function put(): Promise<{ readonly uploadId: string; readonly record: S3EventRecord }> {
  const bytes = new TextEncoder().encode('no profile');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { upload } = await registerUpload(
    { store: data, openPlace: async ({ key }) => key, randomBytes, dailyQuota: 1000, validForS: 900 },
    { deviceId: 'pi', searchSpace: 'nasbench201', sizeBytes: bytes.length, sha256, now: Date.now() },
  );
  const key = incomingKey('pi', upload.uploadId);
  await uploads.put(key, bytes);
  await vi.waitFor(() => expect(told.has(key)).toBe(true));
  return { uploadId: upload.uploadId, record: told.get(key)! };
}

const statusOf = async (uploadId: string): Promise<string> =>
  (await showUpload(data, { tokenId: 'o', role: 'operator' }, uploadId)).status;
const skipped = () => lines.filter(({ message }) => message === 'skipped').map(({ path, reason }) => [path, reason]);

interface LooseRecord {
  eventName?: unknown;
  eventVersion?: unknown;
  s3?: { object: { key?: unknown; size?: unknown; novelty?: unknown } };
}

/** A copy of a record with one field changed. */
function but(record: S3EventRecord, change: (copy: LooseRecord) => void): unknown {
  const copy: LooseRecord = structuredClone(record);
  change(copy);
  return copy;
}

test.each<[string, unknown, string, RegExp]>([
  [
    "S3's test event",
    { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2026-03-01T00:00:00.000Z', Bucket: 'b', RequestId: 'r' },
    'event',
    /test event/,
  ],
  [
    'an event of another service',
    { version: '0', 'detail-type': 'Object Created', detail: {} },
    'event',
    /no list of Rec/,
  ],
  ['nothing', null, 'event', /no list of Records/],
  ['a list that is none', { Records: 'x' }, 'event', /no list of Records/],
])('%s is skipped with a line', async (_, event, path, reason) => {
  await handler(event);
  expect(skipped()).toEqual([[path, expect.stringMatching(reason)]]);
});

test('bad records among good ones are skipped with a line each, and the good ones are processed', async () => {
  const [first, last] = [await put(), await put()];
  const { record } = first;
  const Records = [
    null,
    but(record, (copy) => (copy.s3!.object.key = 'incoming/%E0%A4%A.json.gz')),
    first.record,
    but(record, (copy) => delete copy.s3!.object.size),
    but(record, (copy) => (copy.s3!.object.key = 7)),
    but(record, (copy) => delete copy.s3),
    but(record, (copy) => (copy.eventName = 'ObjectRemoved:Delete')),
    last.record,
  ];
  await handler({ Records });
  expect(skipped()).toEqual([
    ['Records/0', expect.stringMatching(/^record: /)],
    ['Records/1', 's3/object/key: not percent-encoded UTF-8'],
    ['Records/3', expect.stringMatching(/^s3\/object\/size: /)],
    ['Records/4', expect.stringMatching(/^s3\/object\/key: /)],
    ['Records/5', expect.stringMatching(/^s3: /)],
    ['Records/6', 'eventName: not the writing of an object'],
  ]);
  expect(await statusOf(first.uploadId)).toBe('quarantined');
  expect(await statusOf(last.uploadId)).toBe('quarantined');
});

test('fields of later versions of the event are no fault, and a key is decoded', async () => {
  const { record, uploadId } = await put();
  const later = but(record, (copy) => {
    copy.s3!.object.key = record.s3.object.key.replaceAll('/', '%2F');
    copy.s3!.object.novelty = { of: 2030 };
    copy.eventVersion = '2.9';
  });
  await handler({ Records: [later], more: 1 });
  expect(skipped()).toEqual([]);
  expect(await statusOf(uploadId)).toBe('quarantined');
});

test('an object that cannot be processed holds no other up, and the event fails for its sake', async () => {
  const [first, second] = [await put(), await put()];
  broken = `uploads/${first.uploadId}.json`;
  await expect(handler({ Records: [first.record, second.record] })).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(await statusOf(second.uploadId)).toBe('quarantined');
  broken = '';
  expect(await statusOf(first.uploadId)).toBe('waiting');
  await handler({ Records: [first.record, second.record] });
  expect(await statusOf(first.uploadId)).toBe('quarantined');
});

test('every line of an upload has its id and the device, and its outcome is counted', async () => {
  const { uploadId, record } = await put();
  broken = `uploads/${uploadId}.json`;
  await expect(handler({ Records: [record] })).rejects.toMatchObject({ name: 'AccessDenied' });
  broken = '';
  await handler({ Records: [record] });
  await handler({ Records: [record] });
  const said = lines.filter((line) => 'message' in line);
  expect(said).toMatchObject([
    { message: 'upload failed', level: 'ERROR', uploadId, deviceId: 'pi' },
    { message: 'ingested', level: 'INFO', uploadId, deviceId: 'pi', outcome: 'quarantined', reason: 'gzip-damaged' },
    { message: 'ingested', level: 'INFO', uploadId, deviceId: 'pi', outcome: 'finished-before' },
  ]);
  const counted = lines.filter((line) => 'Outcome' in line).map((line) => [line['Outcome'], line['ProcessedUploads']]);
  expect(counted).toEqual([
    ['failed', 1],
    ['quarantined', 1],
    ['finished-before', 1],
  ]);
});
