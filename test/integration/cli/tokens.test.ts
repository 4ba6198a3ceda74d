// `sugarbush tokens` and `revoke-token` as an operator runs them, against the real handler over the embedded S3
// endpoint, with the token checked by the verifier of the authorizer.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { issueToken } from '#core/access/issue-token.ts';
import type { Role } from '#core/access/token.ts';
import { tokenUseMarker } from '#core/access/token-use.ts';
import { tokenVerifier, type VerifyToken } from '#core/access/verify-token.ts';
import type { Store } from '#core/store/store.ts';
import { authorize } from '#functions/shared/authorize.ts';
import type { HttpHandler } from '#functions/shared/http-handler.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { type S3Endpoint, startS3 } from '#stack/s3/server.ts';

vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let s3: S3Endpoint;
let server: Server;
let store: Store;
let api: string;
let handler: HttpHandler;
let verify: VerifyToken;
let operator: { token: string; tokenId: string };

const day = 86_400;
const startOf2026 = Date.UTC(2026, 0, 1);

async function issue(role: Role, validForS: number, deviceId?: string) {
  const request = { role, validForS, now: startOf2026, randomBytes, ...(deviceId !== undefined && { deviceId }) };
  const { token, record } = await issueToken(store, request);
  return { token, tokenId: record.tokenId };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sugarbush-tokens-'));
  const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
  s3 = await startS3({ stateDir: folder, credentials, region: 'eu-central-1', buckets: ['data'] });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    DATA_BUCKET: 'data',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    SUGARBUSH_METRICS: 'off',
  });
  store = s3Store({ bucket: 'data' });
  ({ handler } = await import('#functions/tokens.ts'));
  verify = tokenVerifier({ store, now: Date.now, elapsedMs: () => performance.now(), cacheS: 0 });
  operator = await issue('operator', 3650 * day);
  server = createServer(async (request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const id = /^\/v1\/tokens\/(.+)$/.exec(url.pathname)?.[1];
    const event = {
      routeKey: `${request.method} /v1/tokens${id === undefined ? '' : '/{id}'}`,
      headers: request.headers,
      isBase64Encoded: false,
      ...(id !== undefined && { pathParameters: { id: decodeURIComponent(id) } }),
      queryStringParameters: Object.fromEntries(url.searchParams),
      requestContext: {
        requestId: 'r',
        authorizer: { lambda: await authorize(verify, request.headers.authorization) },
      },
    } as unknown as APIGatewayProxyEventV2;
    const reply = await handler(event, { getRemainingTimeInMillis: () => 15_000 } as Context);
    response.writeHead(reply.statusCode ?? 500, reply.headers as Record<string, string>);
    response.end(Buffer.from(reply.body ?? '', reply.isBase64Encoded ? 'base64' : 'utf8'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await s3.close();
  await rm(folder, { recursive: true });
});

const main = new URL('../../../cli/main.ts', import.meta.url).pathname;
const sugarbush = (...args: string[]) =>
  new Promise<{ code: number; out: string; said: string }>((resolve) => {
    const env = { ...process.env, SUGARBUSH_TOKEN: operator.token };
    execFile(process.execPath, [main, ...args, '--api', api], { env }, (error, out, said) =>
      resolve({ code: error === null ? 0 : (error.code as number), out, said }),
    );
  });

test('tokens are listed by role with their last use, and ended by their id', async () => {
  const reader = await issue('reader', 3650 * day);
  const ended = await issue('reader', day);
  const ofDevice = await issue('device', 3650 * day, 'lab-pi');
  await tokenUseMarker(store, () => Date.UTC(2026, 1, 3))(reader.tokenId);
  const readers = [
    `${reader.tokenId}  reader    used 2026-02-03  good until 2035-12-30`,
    `${ended.tokenId}  reader    never used       ended 2026-01-02`,
  ].toSorted();
  expect(await sugarbush('tokens', '--role', 'reader')).toEqual({ code: 0, out: `${readers.join('\n')}\n`, said: '' });

  const all = JSON.parse((await sugarbush('tokens', '--json')).out) as { tokens: { tokenId: string }[] };
  const ids = [operator, reader, ended, ofDevice].map(({ tokenId }) => tokenId).toSorted();
  expect(all.tokens.map(({ tokenId }) => tokenId)).toEqual(ids);
  expect(JSON.stringify(all)).not.toContain('sha256');
  expect(all.tokens).toContainEqual({
    tokenId: ofDevice.tokenId,
    role: 'device',
    deviceId: 'lab-pi',
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2035-12-30T00:00:00.000Z',
    lastUsedOn: null,
  });

  await verify(reader.token);
  const { code, out } = await sugarbush('revoke-token', '--id', reader.tokenId);
  expect([code, out]).toEqual([0, expect.stringMatching(`^${reader.tokenId}  reader    used 2026-02-03  revoked `)]);
  await expect(verify(reader.token)).rejects.toMatchObject({ message: /was revoked/ });
});

test('what there is not, what is no id, and who is no operator are refused', async () => {
  expect(await sugarbush('revoke-token', '--id', '0123456789abcdef')).toMatchObject({
    code: 1,
    said: expect.stringContaining("not-found: DELETE /v1/tokens/0123456789abcdef: 404 token '0123456789abcdef' not"),
  });
  expect(await sugarbush('revoke-token', '--id', 'x')).toMatchObject({
    code: 2,
    said: expect.stringContaining('16 hexadecimal digits'),
  });
  const reader = await issue('reader', 3650 * day);
  expect(await sugarbush('tokens', '--token', reader.token)).toMatchObject({
    code: 1,
    said: expect.stringContaining("the token's role is 'reader'; allowed: operator"),
  });
});
