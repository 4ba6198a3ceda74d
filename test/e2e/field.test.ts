// From the field, over HTTP with real presigned PUTs, every event delivered twice: the whole path, every refusal of an
// upload, every reason code, and devices that end.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { deviceListSchema } from '#contract/devices.ts';
import { predictReplySchema } from '#contract/predictions.ts';
import { problemSchema } from '#contract/problem.ts';
import { supportSetSchema } from '#contract/support-set.ts';
import { targetViewSchema } from '#contract/targets.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { targetDataSchema } from '#core/dataset/target-data.ts';
import { incomingKey } from '#core/intake/keys.ts';
import { measurementsKey } from '#core/targets/keys.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { uploadSigner } from '#functions/shared/sign-upload.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import {
  type Device,
  type FieldStack,
  profileOf,
  put,
  rowsFrom,
  sha256,
  startFieldStack,
  table,
} from './field-stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const quota = 60;
let field: FieldStack;
let device: Device;

beforeAll(async () => {
  field = await startFieldStack({
    eventDeliveries: 2,
    predictor: 'shipped',
    overrides: { TOKEN_CACHE_S: '1', UPLOADS_PER_DAY: String(quota) },
  });
  device = await field.enrol('Bench Pi');
});
afterAll(() => field?.close());

async function targetOf(targetId: string) {
  const response = await field.call('GET', `/v1/targets/${targetId}`, field.reader);
  return targetViewSchema.parse(await response.json());
}

async function refusal(response: Promise<Response>): Promise<[number, string]> {
  const answer = await response;
  return [answer.status, problemSchema.parse(await answer.json()).code];
}

describe('the whole path', () => {
  let targetId: string;

  test('a new target is measured as the service says, uploaded, and predicted at once', async () => {
    const asked = await field.call('GET', '/v1/search-spaces/nasbench201/support-set?count=10', device.token);
    const { architectures, expectedErrors } = supportSetSchema.parse(await asked.json());
    expect(architectures).toHaveLength(10);
    const rows = architectures.map((text) => table.texts.indexOf(text));
    const { uploadId } = await field.send(device, profileOf('gold_6240', rows));
    const upload = await field.finished(device, uploadId);
    expect(upload).toMatchObject({ status: 'accepted', measurements: 10, excludedCount: 0, reason: null });
    targetId = upload.targetId!;
    expect(targetId).toMatch(/^board-gold-6240-onnxruntime-cpu-t4-fp32-[0-9a-f]{20}$/);

    const asks = { searchSpace: 'nasbench201', target: targetId, architectures: table.texts.slice(2000, 2100) };
    const reply = await field.call('POST', '/v1/predictions', field.reader, asks);
    const { results } = predictReplySchema.parse(await reply.json());
    expect(results[0]).toMatchObject({ measurements: 10, trust: 'trusted' });
    const { latencyMs } = table.targets.find(({ id }) => id === 'gold_6240')!;
    const errors = results[0]!.latencyMs.map((predicted, i) => Math.abs(predicted / latencyMs[2000 + i]! - 1)).sort();
    expect(errors[50]).toBeLessThan(0.2);

    const { target, adaptation } = await targetOf(targetId);
    expect(target).toMatchObject({ measurements: 10, profiles: 1, devices: [device.deviceId], quality: 'good' });
    expect(adaptation).toMatchObject({ measurements: 10, trust: 'trusted', leftOut: { measurements: 10 } });
    expect(adaptation!.expectedError).toBeGreaterThan(0);
    expect(adaptation!.expectedError).toBeLessThan(expectedErrors![0]!);
  });

  test('later profiles of the target add up, and predictions follow within 5 s of the PUT', async () => {
    const next = await field.call(
      'GET',
      `/v1/search-spaces/nasbench201/support-set?count=5&target=${targetId}`,
      device.token,
    );
    const { measured, architectures, expectedErrors } = supportSetSchema.parse(await next.json());
    expect(measured).toBe(10);
    expect(expectedErrors![5]).toBeLessThan(expectedErrors![0]!);
    const rows = architectures.map((text) => table.texts.indexOf(text));
    const asks = { searchSpace: 'nasbench201', target: targetId, architectures: table.texts.slice(0, 1) };
    const seen = async (): Promise<number> => {
      const reply = await field.call('POST', '/v1/predictions', field.reader, asks);
      return predictReplySchema.parse(await reply.json()).results[0]!.measurements;
    };
    // In memory, as it is of a target that somebody is asking about.
    expect(await seen()).toBe(10);
    const bytes = gzipSync(JSON.stringify(profileOf('gold_6240', rows)));
    const registered = await field.register(device, bytes);
    expect(await put(registered, bytes)).toBe(200);
    await expect.poll(seen, { timeout: 5000, interval: 200 }).toBe(15);
    await field.finished(device, registered.uploadId);
    expect((await targetOf(targetId)).target).toMatchObject({ measurements: 15, profiles: 2 });
  });

  test('a target that contradicts itself says measure-first, and touches no other', async () => {
    const before = await field.data.get(measurementsKey(targetId));
    const hostile = await field.enrol('hostile');
    const distort = (latencyMs: number, row: number): number => (row % 2 === 0 ? 4 * latencyMs : latencyMs);
    const { uploadId } = await field.send(hostile, profileOf('titanx_1', rowsFrom(0, 40), { distort }));
    const { targetId: contradictory } = await field.finished(hostile, uploadId);
    const { target, adaptation } = await targetOf(contradictory!);
    expect(target).toMatchObject({
      quality: 'contradictory',
      qualityReason: expect.stringMatching(/predicted from each/),
    });
    expect(adaptation).toMatchObject({ trust: 'measure-first', trustReason: expect.stringMatching(/contradict/) });
    expect(await field.data.get(measurementsKey(targetId))).toEqual(before);
  });
});

describe('an upload is refused', () => {
  const bytes = gzipSync(JSON.stringify(exampleProfile));
  const other = Uint8Array.from(bytes, (byte, i) => (i === 100 ? byte ^ 1 : byte));

  test('by S3, when anything but the registered bytes comes', async () => {
    const mine = await field.register(device, bytes);
    const { headers } = mine;
    const withHeader = (name: string, value: string) => ({ ...mine, headers: { ...headers, [name]: value } });
    const without = (name: string) => {
      const { [name]: _, ...rest } = headers;
      return { ...mine, headers: rest };
    };
    const url = new URL(mine.url);
    const withUrl = (change: (changed: URL) => void) => {
      const changed = new URL(url);
      change(changed);
      return { ...mine, url: changed.href };
    };
    const otherHash = Buffer.from(sha256(other), 'hex').toString('base64');
    const refused: [string, Parameters<typeof put>][] = [
      ['one byte less', [mine, bytes.subarray(1)]],
      ['one byte more', [mine, Buffer.concat([bytes, Buffer.from([0])])]],
      ['other bytes of the same length', [mine, other]],
      ['other bytes with their own hash', [withHeader('x-amz-checksum-sha256', otherHash), other]],
      ['no hash', [without('x-amz-checksum-sha256'), bytes]],
      ['another type', [withHeader('content-type', 'text/plain'), bytes]],
      ['no condition', [without('if-none-match'), bytes]],
      ['another condition', [withHeader('if-none-match', '"x"'), bytes]],
      [
        'another key',
        [
          withUrl((u) => {
            u.pathname = u.pathname.replace(/[0-9a-f]{32}/, '0'.repeat(32));
          }),
          bytes,
        ],
      ],
      [
        'another device',
        [
          withUrl((u) => {
            u.pathname = u.pathname.replace(device.deviceId, 'somebody');
          }),
          bytes,
        ],
      ],
      ['another signature', [withUrl((u) => u.searchParams.set('X-Amz-Signature', 'f'.repeat(64))), bytes]],
      ['a later end', [withUrl((u) => u.searchParams.set('X-Amz-Expires', '36000')), bytes]],
    ];
    for (const [what, [place, body]] of refused) {
      const status = await put(place, body);
      expect([what, status >= 400 && status < 500]).toEqual([what, true]);
    }
    expect(await field.uploads.get(incomingKey(device.deviceId, mine.uploadId))).toBeUndefined();
    expect(await put(mine, bytes)).toBe(200);
    expect(await put(mine, bytes)).toBe(412);
    expect((await field.finished(device, mine.uploadId)).status).toBe('accepted');
  });

  test('by S3, when its time is over', async () => {
    const { s3Url: endpoint, region, credentials, buckets } = field.stack;
    const client = s3Client({ endpoint, region, credentials });
    const sign = uploadSigner(client, buckets['Intake/Incoming']!);
    const key = incomingKey(device.deviceId, 'f'.repeat(32));
    const place = await sign({ key, sizeBytes: bytes.length, sha256: sha256(bytes), validForS: 1 });
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(await put(place, bytes)).toBe(403);
    client.close();
  });

  test('by the service, before anything is signed', async () => {
    const register = (body: unknown, token: string = device.token, key?: string) =>
      refusal(field.call('POST', '/v1/uploads', token, body, key));
    const good = { sizeBytes: 100, sha256: 'a'.repeat(64), searchSpace: 'nasbench201' };
    expect(await register({ ...good, sizeBytes: 5 * 2 ** 20 + 1 })).toEqual([400, 'invalid-request']);
    expect(await register({ ...good, sizeBytes: 0 })).toEqual([400, 'invalid-request']);
    expect(await register({ ...good, sha256: 'A'.repeat(64) })).toEqual([400, 'invalid-request']);
    expect(await register({ ...good, searchSpace: 'darts' })).toEqual([404, 'unknown-search-space']);
    expect(await register({ ...good, key: 'x' })).toEqual([400, 'invalid-request']);
    expect(await register(good, field.reader)).toEqual([403, 'forbidden']);
    expect(await register(good, field.operator)).toEqual([403, 'forbidden']);
    expect(await register(good, 'sb_0123456789abcdef_x')).toEqual([401, 'unauthorized']);
    expect(await register(good, device.token, 'two words')).toEqual([400, 'invalid-request']);
    await field.register(device, bytes, 'once');
    expect(await register({ ...good, sizeBytes: 101 }, device.token, 'once')).toEqual([409, 'conflict']);
  });

  test('by the service, when the device’s quota of the day is used up', async () => {
    const greedy = await field.enrol('greedy');
    for (let i = 0; i < quota; i++) await field.register(greedy, bytes);
    const body = { sizeBytes: bytes.length, sha256: sha256(bytes), searchSpace: 'nasbench201' };
    const response = await field.call('POST', '/v1/uploads', greedy.token, body);
    const midnight = new Date().setUTCHours(24, 0, 0, 0);
    expect(Number(response.headers.get('retry-after')) / ((midnight - Date.now()) / 1000)).toBeCloseTo(1, 1);
    expect(await refusal(Promise.resolve(response))).toEqual([429, 'quota-exceeded']);
    expect((await field.register(device, bytes)).status).toBe('waiting');
  });
});

describe('a profile is quarantined', () => {
  const folder = new URL('../fixtures/profiles/', import.meta.url);
  const files = (name: string): string[] => readdirSync(new URL(name, folder)).map((file) => `${name}/${file}`);
  const codeOf = (path: string): string => path.split('/')[1]!.split('.')[0]!;
  const bytesOf = (path: string): Uint8Array => {
    const content = readFileSync(new URL(path, folder));
    return path.endsWith('.gz') ? content : gzipSync(content);
  };

  test('or loses a measurement, with the reason that each bad profile is named after', async () => {
    const sender = await field.enrol('bad profiles');
    const sent = await Promise.all(
      [...files('quarantined'), ...files('excluded')].map(async (path) => {
        const bytes = bytesOf(path);
        // S3 takes no upload of nothing, for a registered size is at least one byte.
        if (bytes.length === 0) return undefined;
        return { path, uploadId: (await field.send(sender, bytes, 'nasbench201')).uploadId };
      }),
    );
    for (const each of sent) {
      if (each === undefined) continue;
      const upload = await field.finished(sender, each.uploadId);
      const code = upload.status === 'accepted' ? upload.excluded[0]?.code : upload.reason?.code;
      expect([each.path, upload.status, code]).toEqual([
        each.path,
        each.path.startsWith('excluded') ? 'accepted' : 'quarantined',
        codeOf(each.path),
      ]);
    }
  });

  test('when the object is not what was registered, though S3 took it', async () => {
    const bytes = gzipSync(JSON.stringify(exampleProfile));
    const other = Uint8Array.from(bytes, (byte, i) => (i === 100 ? byte ^ 1 : byte));
    for (const [body, code] of [
      [bytes.subarray(1), 'size-mismatch'],
      [other, 'hash-mismatch'],
    ] as const) {
      const { uploadId } = await field.register(device, bytes);
      await field.uploads.put(incomingKey(device.deviceId, uploadId), body);
      expect((await field.finished(device, uploadId)).reason).toMatchObject({ code });
    }
  });

  test('when its target id belongs to another target, or the target is full', async () => {
    const profile = (more: Partial<Profile> = {}): Profile => ({
      ...profileOf('gold_6240', rowsFrom(0, 6), { model: 'Crowded' }),
      ...more,
    });
    const { uploadId } = await field.send(device, profile());
    const { targetId } = await field.finished(device, uploadId);
    const key = measurementsKey(targetId!);
    const data = targetDataSchema.parse(JSON.parse(new TextDecoder().decode((await field.data.get(key))!.body)));
    const write = (value: unknown) => field.data.put(key, new TextEncoder().encode(JSON.stringify(value)));
    const next = profile({ measurements: profileOf('gold_6240', rowsFrom(6, 6)).measurements });

    await write({ ...data, target: { ...data.target, hardware: { ...data.target.hardware, vendor: 'Somebody' } } });
    const conflict = await field.send(device, next);
    expect((await field.finished(device, conflict.uploadId)).reason).toMatchObject({ code: 'target-conflict' });

    const architectures = Array.from({ length: 199_995 }, (_, i) => `a${i}`).sort();
    await write({ ...data, architectures, values: architectures.map((_, i) => [0, i, 0, 1]) });
    const full = await field.send(device, next);
    expect((await field.finished(device, full.uploadId)).reason).toMatchObject({ code: 'target-full' });
  });
});

describe('devices', () => {
  test('are enrolled once for an idempotency key, listed and paged', async () => {
    const enrol = (name: string, key: string) => field.call('POST', '/v1/devices', field.operator, { name }, key);
    const first = (await (await enrol('one', 'k1')).json()) as { device: { deviceId: string }; token: string };
    const again = (await (await enrol('one', 'k1')).json()) as typeof first;
    expect(again.device.deviceId).toBe(first.device.deviceId);
    expect(again.token).not.toBe(first.token);
    expect(await refusal(enrol('two', 'k1'))).toEqual([409, 'conflict']);
    expect(await refusal(field.call('GET', '/v1/devices', device.token))).toEqual([403, 'forbidden']);
    expect(await refusal(field.call('POST', '/v1/devices', field.reader, { name: 'x' }))).toEqual([403, 'forbidden']);
    expect(await refusal(field.call('POST', '/v1/devices', field.operator, { name: '\n' }))).toEqual([
      400,
      'invalid-request',
    ]);
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const response = await field.call('GET', `/v1/devices?limit=2${cursor && `&cursor=${cursor}`}`, field.operator);
      const page = deviceListSchema.parse(await response.json());
      expect(JSON.stringify(page)).not.toContain('token"');
      ids.push(...page.devices.map(({ deviceId }) => deviceId));
      cursor = page.nextCursor;
    }
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toContain(first.device.deviceId);
  });

  test('see their own uploads only', async () => {
    const other = await field.enrol('other');
    const { uploadId } = await field.register(device, new Uint8Array([1]));
    expect(await refusal(field.call('GET', `/v1/uploads/${uploadId}`, other.token))).toEqual([404, 'not-found']);
    expect(await refusal(field.call('GET', `/v1/uploads/${uploadId}`, field.reader))).toEqual([403, 'forbidden']);
    expect((await field.call('GET', `/v1/uploads/${uploadId}`, field.operator)).status).toBe(200);
  });

  test('that are revoked are refused, and what they uploaded meanwhile is quarantined', async () => {
    const leaving = await field.enrol('leaving');
    const bytes = gzipSync(JSON.stringify(profileOf('titanx_1', rowsFrom(0, 6), { model: 'Leaving' })));
    const registered = await field.register(leaving, bytes);
    const revoked = await field.call('DELETE', `/v1/devices/${leaving.deviceId}`, field.operator);
    expect(revoked.status).toBe(200);
    const ask = () => field.call('GET', `/v1/uploads/${registered.uploadId}`, leaving.token);
    await expect.poll(async () => (await ask()).status, { timeout: 5000 }).toBe(401);
    // The place was signed before, and its event comes.
    expect(await put(registered, bytes)).toBe(200);
    const operator = { deviceId: '', token: field.operator };
    expect((await field.finished(operator, registered.uploadId)).reason).toMatchObject({ code: 'device-revoked' });
    expect(await refusal(field.call('DELETE', '/v1/devices/nobody', field.operator))).toEqual([404, 'not-found']);
  });
});
