// What an upload run does when no call can succeed: with a real client against small servers that answer badly.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultDrainRule, drain, type Outcome } from '#agent/upload/drain.ts';
import { connect } from '#agent/upload/service.ts';
import { openSpool, type Spool } from '#agent/upload/spool.ts';
import { profileSchema } from '#core/dataset/profile.ts';

const example = new URL('../../../fixtures/profiles/raspberry-pi-5.json', import.meta.url);
let folder = '';
let spool: Spool;
let server: Server | undefined;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-drain-'));
  spool = openSpool(folder);
  said = [];
  const profile = profileSchema.parse(JSON.parse(readFileSync(example, 'utf8')));
  for (const kernel of ['one', 'two', 'three']) spool.add({ ...profile, context: { ...profile.context, kernel } });
});
afterEach(async () => {
  spool.release();
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
});

async function listen(answer: RequestListener): Promise<string> {
  server = createServer({ keepAlive: false }, answer);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function run(api: string, signal?: AbortSignal): Promise<Outcome[]> {
  const service = connect({
    api,
    token: 'sb_x',
    retry: { attempts: 3, firstPauseMs: 1, longestPauseMs: 2000 },
    onRetry: ({ error }) => void said.push(error.message),
  });
  const ports = { spool, service, rule: defaultDrainRule, onEvent: (text: string) => void said.push(text) };
  return drain(signal === undefined ? ports : { ...ports, signal });
}

test('while nobody can be reached, one profile is tried and all of them wait', async () => {
  const api = await listen(() => {});
  await new Promise((resolve) => server!.close(resolve));
  const outcomes = await run(api);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['waiting', 'waiting', 'waiting']);
  expect(outcomes[2]!.outcome === 'waiting' && outcomes[2]!.reason).toContain('ECONNREFUSED');
  expect(said).toHaveLength(2);
  expect(spool.pending()).toHaveLength(3);
});

test('a server that fails on one profile is asked about the next', async () => {
  let calls = 0;
  const api = await listen((_, response) => {
    calls++;
    response.writeHead(500, { connection: 'close' }).end('{}');
  });
  expect((await run(api)).every(({ outcome }) => outcome === 'waiting')).toBe(true);
  expect(calls).toBe(9);
});

test('told to come back in an hour, it ends at once and says so; told in a second, it waits', async () => {
  const answers = [1, 3600];
  const started = performance.now();
  const api = await listen((_, response) => {
    const headers = { 'retry-after': String(answers.shift() ?? 3600), connection: 'close' };
    response.writeHead(429, headers).end('{"detail":"enough for today"}');
  });
  const outcomes = await run(api);
  expect(performance.now() - started).toBeGreaterThan(900);
  expect(said).toHaveLength(1);
  expect(outcomes).toHaveLength(3);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({
      outcome: 'waiting',
      reason: 'POST /v1/uploads: 429 enough for today; again in 60 min',
    });
  }
});

test('what the service says of a 404 is said', async () => {
  const api = await listen((_, response) => {
    response.writeHead(404, { connection: 'close' }).end('{"detail":"there is no search space so called"}');
  });
  expect((await run(api))[0]).toMatchObject({
    outcome: 'waiting',
    reason: 'the service refuses: POST /v1/uploads: 404 there is no search space so called',
  });
});

test('the login page of a network is no answer: what is known of the upload stays', async () => {
  const [first] = spool.pending();
  const progress = { attempt: 1, uploadId: 'u', stored: true };
  spool.advance(first!.sha256, progress);
  const api = await listen((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' }).end('<html>Log in</html>');
  });
  const outcomes = await run(api);
  expect(outcomes[0]).toMatchObject({ outcome: 'waiting', reason: expect.stringContaining('not in JSON') });
  expect(spool.pending()[0]!.progress).toEqual(progress);
});
