// What an enrolled but hostile device can try at the door: names and paths with tricks, requests that are none,
// profiles as costly as the limits let through, another's place.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { enrolReplySchema } from '#contract/devices.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { type Device, type FieldStack, profileOf, rowsFrom, startFieldStack, table } from './field-stack.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 });

let field: FieldStack;
let device: Device;
let hostile: Device;

beforeAll(async () => {
  field = await startFieldStack({ eventDeliveries: 2 });
  device = await field.enrol('honest');
  // Without an idempotency key, from which the client's devices have their ids: this one's is made of its name.
  const enrolled = await field.call('POST', '/v1/devices', field.operator, { name: '../../operators/$(id) "; é' });
  const reply = enrolReplySchema.parse(await enrolled.json());
  hostile = { deviceId: reply.device.deviceId, token: reply.token };
});
afterAll(() => field?.close());

/** Status and code; a gateway that knows no such route says so in a form of its own. */
async function refusal(response: Promise<Response>): Promise<[number, string | undefined]> {
  const answer = await response;
  return [answer.status, ((await answer.json()) as { code?: string }).code];
}

const ask = (path: string, token: string = hostile.token) => refusal(field.call('GET', path, token));
const upload = (text: string, key?: string) =>
  fetch(`${field.stack.apiUrl}/v1/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hostile.token}`, ...(key !== undefined && { 'idempotency-key': key }) },
    body: text,
  });
const good = `"sha256":"${'a'.repeat(64)}","searchSpace":"nasbench201"`;

test('ids are looked up, never followed', async () => {
  expect(hostile.deviceId).toMatch(/^operators-id-e-[0-9a-f]{16}$/);
  const { uploadId } = await field.register(device, new Uint8Array([1]));
  for (const id of [
    uploadId,
    uploadId.toUpperCase(),
    `${uploadId}%00`,
    `${uploadId}.json`,
    `..%2ftokens%2f${hostile.token.slice(3, 19)}`,
    '..%2f..%2fdevices',
    '%EF%AC%80'.repeat(16),
  ]) {
    expect([id, (await ask(`/v1/uploads/${id}`))[0]]).toEqual([id, 404]);
  }
  expect((await field.call('GET', `/v1/uploads/${uploadId}`, device.token)).status).toBe(200);
  expect(await ask(`/v1/uploads/${'0'.repeat(300)}`)).toEqual([400, 'invalid-request']);
  for (const id of ['..%2f..%2ftokens', 'x%0a', '__proto__', 'constructor']) {
    expect([id, (await ask(`/v1/targets/${id}`, field.reader))[0]]).toEqual([id, 404]);
    const next = `/v1/search-spaces/nasbench201/support-set?count=5&target=${id}`;
    expect([id, await ask(next)]).toEqual([id, [404, 'unknown-target']]);
  }
});

test('a device token opens nothing but the way in', async () => {
  const body = { searchSpace: 'nasbench201', target: 'x', architectures: [table.texts[0]] };
  for (const [method, path, sent] of [
    ['POST', '/v1/predictions', body],
    ['GET', '/v1/devices', undefined],
    ['POST', '/v1/devices', { name: 'mine' }],
    ['DELETE', `/v1/devices/${device.deviceId}`, undefined],
    ['GET', '/v1/targets', undefined],
    ['POST', '/v1/training-runs', { searchSpace: 'nasbench201' }],
  ] as const) {
    expect([path, await refusal(field.call(method, path, hostile.token, sent))]).toEqual([path, [403, 'forbidden']]);
  }
});

test('a body that is no request is refused as one', async () => {
  for (const text of [
    ...['1e400', '-0', 'NaN', '1.5', '"5"', '9007199254740993'].map((size) => `{"sizeBytes":${size},${good}}`),
    `{"sizeBytes":5,${good},"__proto__":{"role":"operator"}}`,
    `{"sizeBytes":5,${good},"deviceId":"${device.deviceId}"}`,
    '['.repeat(10_000),
    '{"a":'.repeat(10_000),
    '',
  ]) {
    expect([text.slice(0, 60), await refusal(upload(text))]).toEqual([text.slice(0, 60), [400, 'invalid-request']]);
  }
  for (const text of [`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`, '{"a":'.repeat(300_000)]) {
    expect(await refusal(upload(text))).toEqual([413, 'body-too-large']);
  }
});

test('the key of another device gives a place of its own, and its own key no other body', async () => {
  await field.register(device, new Uint8Array([1, 2]), 'a-key');
  const mine = await field.register(hostile, new Uint8Array([1, 2, 3]), 'a-key');
  expect(new URL(mine.url).pathname).toMatch(new RegExp(`/incoming/${hostile.deviceId}/${mine.uploadId}.json.gz$`));
  expect(await refusal(upload(`{"sizeBytes":4,${good}}`, 'a-key'))).toEqual([409, 'conflict']);
  // Registered and never put: it waits, and nothing comes of it.
  expect(await field.show(hostile, mine.uploadId)).toMatchObject({ status: 'waiting', finishedAt: null });
});

test('the worst profiles that the limits let through are quarantined, and ingest goes on', async () => {
  const text = JSON.stringify(exampleProfile);
  const many = (count: number, unit: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => unit(i)).join();
  const worst: [string, string][] = [
    ['json-too-complex', text.replace('"settings":{', (start) => `${start}${many(1_800_000, (i) => `"K${i}":1`)},`)],
    ['schema-invalid', text.replace('"settings":{', (start) => `${start}${many(49_000, (i) => `"K${i}":1`)},`)],
    ['schema-invalid', text.replace('Raspberry Pi 5 Model B', 'a '.repeat(20 * 2 ** 20))],
    ['schema-invalid', text.replace('"operators":{', (start) => `${start}${many(49_000, (i) => `"K${i}":{}`)},`)],
  ];
  for (const [code, json] of worst) {
    const { uploadId } = await field.send(hostile, gzipSync(json, { level: 1 }));
    expect((await field.finished(hostile, uploadId)).reason).toMatchObject({ code });
  }
  const { uploadId } = await field.send(hostile, profileOf('titanx_1', rowsFrom(0, 6), { model: 'After all' }));
  expect((await field.finished(hostile, uploadId)).status).toBe('accepted');
});
