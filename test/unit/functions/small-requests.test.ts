// Small requests that once exhausted a function: what each makes it do is counted.
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { problemSchema } from '#contract/problem.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { HttpHandler } from '#functions/shared/http-handler.ts';
import { captured, context, type ServiceUnderTest, startService } from './service-under-test.ts';

let service: ServiceUnderTest;
let handler: HttpHandler;
beforeAll(async () => {
  service = await startService();
  ({ handler } = await import('#functions/predict.ts'));
});
afterAll(() => service.close());
afterEach(() => vi.restoreAllMocks());

async function refused(body: string) {
  const event = await captured('predictions', (each) => {
    each.body = gzipSync(body).toString('base64');
    each.isBase64Encoded = true;
    each.headers['content-encoding'] = 'gzip';
  });
  const reply = await handler(event, context);
  expect(reply.body!.length).toBeLessThan(16_384);
  return { sentBytes: event.body!.length, ...problemSchema.parse(JSON.parse(reply.body!)) };
}
const request = (members: string): string => `{"searchSpace":"nasbench201","target":"server",${members}}`;

test('millions of numbers in a few kilobytes of gzip are counted, not built', async () => {
  const parse = vi.spyOn(JSON, 'parse');
  const numbers = '1,'.repeat(2_600_000);
  const { sentBytes, status, code, detail } = await refused(request(`"architectures":[${numbers}1]`));
  expect(sentBytes).toBeLessThan(10_000);
  expect([status, code, detail]).toEqual([
    400,
    'invalid-request',
    expect.stringMatching(/^the body has more than (16 numbers, true, false or null|50000 entries in one object)/),
  ]);
  const longest = Math.max(0, ...parse.mock.calls.map(([text]) => text.length));
  expect(longest).toBeLessThan(100_000);
});

test.each([
  ['arrays in arrays', `"architectures":${'['.repeat(100)}${']'.repeat(100)}`, 'nested deeper than 4'],
  ['many small objects', `"architectures":[${'{},'.repeat(100)}{}]`, 'more than 16 objects and arrays'],
  ['many keys', Array.from({ length: 100 }, (_, i) => `"k${i}":"v"`).join(), 'more than 16 entries in one object'],
  ['literals', `"architectures":[${'null,'.repeat(100)}null]`, 'more than 16 numbers, true, false or null'],
  ['short strings', `"architectures":[${'"",'.repeat(60_000)}""]`, 'more than 50000'],
])('%s are refused before anything is built', async (_, members, message) => {
  const parse = vi.spyOn(JSON, 'parse');
  const { status, detail } = await refused(request(members));
  expect([status, detail]).toEqual([400, expect.stringContaining(message)]);
  expect(parse.mock.calls.map(([text]) => text).filter((text) => text.startsWith('{"searchSpace"'))).toEqual([]);
});

test('keys that are not known are named, but not in megabytes', async () => {
  const key = 'k'.repeat(1_000_000);
  const { status, detail, issues } = await refused(request(`"architectures":["a"],"${key}":1,"${key}2":1`));
  expect([status, issues!.length]).toEqual([400, 1]);
  expect(detail!.length).toBeLessThan(600);
});

test('of very many malformed architectures the first twenty are read', async () => {
  const parse = vi.spyOn(searchSpace('nasbench201'), 'parse');
  const { code, issues, detail } = await refused(request(`"architectures":[${'"x",'.repeat(19_999)}"x"]`));
  expect([code, issues!.length]).toEqual(['invalid-architecture', 20]);
  expect(detail).toMatch(/^20 or more of 20000 architectures are not of search space/);
  expect(parse).toHaveBeenCalledTimes(20);
});

test('a body of another route may be a few settings and no more', async () => {
  const { decodeJsonBody } = await import('#functions/shared/request-body.ts');
  const decoded = (body: string) => decodeJsonBody({ body, isBase64Encoded: false, headers: {} });
  await expect(decoded(`{"name":"${'n'.repeat(65_536)}"}`)).rejects.toMatchObject({ code: 'body-too-large' });
  await expect(decoded(`[${'1,'.repeat(100)}1]`)).rejects.toMatchObject({ code: 'invalid-request' });
  expect(await decoded('{"name":"Pi","validForDays":3}')).toEqual({ name: 'Pi', validForDays: 3 });
});
