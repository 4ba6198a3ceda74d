// The agent as it is shipped, one bundled file, run as a process and killed at every point of an upload.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildAgent } from '#scripts/build-agent.ts';
import { acceptedAs, type Point, type ServiceDouble, startServiceDouble } from './service-double.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-upload-'));
const profile = fileURLToPath(new URL('../../fixtures/profiles/raspberry-pi-5.json', import.meta.url));
let bundle = '';
let service: ServiceDouble;
let state = '';
let tokenFile = '';
let runs = 0;
/** Everything that any run printed. */
let printed = '';

beforeAll(async () => {
  bundle = await buildAgent(join(folder, 'agent'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  service = await startServiceDouble();
  state = join(folder, `state-${runs++}`);
  tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${service.token}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await service.close();
});

test('the agent is one file, without the AWS SDK and what makes the OpenAPI document', () => {
  const text = readFileSync(bundle, 'utf8');
  expect(text).toContain('// client/client.ts');
  expect(text).not.toMatch(/^\/\/ node_modules\/(@aws-sdk|@smithy|zod-openapi)\//m);
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

function agent(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const all = ['upload', '--api', service.url, '--token-file', tokenFile, '--state', state, ...args];
  const child = spawn(process.execPath, [bundle, ...all], { env: { ...process.env, ...env } });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    printed += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, stdout })),
  );
  return { child, ended };
}

const spooled = (): string[] => readdirSync(join(state, 'spool')).filter((name) => name.endsWith('.json.gz'));
const receipts = (): string[] => readdirSync(join(state, 'spool', 'accepted'));
const storedHashes = (): string[] =>
  service.uploads.filter(({ stored }) => stored !== undefined).map(({ sha256 }) => sha256);

test('a profile is registered, put, and its verdict awaited; the receipt says what became of it', async () => {
  const { code, stdout } = await agent(['--profile', profile]).ended;
  expect(stdout).toMatch(/^[0-9a-f]{12} accepted a-target\n$/);
  expect(code).toBe(0);
  expect(spooled()).toEqual([]);
  expect(receipts()).toEqual([`${storedHashes()[0]}.json`]);
  expect(service.requests.filter((request) => !request.startsWith('GET'))).toEqual([
    'POST /v1/uploads',
    expect.stringMatching(/^PUT \/incoming\//),
  ]);
  // The same file again is the same profile: nothing is sent.
  service.requests.length = 0;
  expect((await agent(['--profile', profile]).ended).code).toBe(0);
  expect(service.requests).toEqual([]);
});

const points: Point[] = [
  'register-asked',
  'register-answered',
  'put-asked',
  'put-stored',
  'put-answered',
  'status-asked',
  'verdict-answered',
];
test.each(points)(
  'killed at %s, the next run brings the profile home, once',
  async (point) => {
    const { child, ended } = agent(['--profile', profile]);
    service.onPoint = (at) => {
      if (at === point) child.kill('SIGKILL');
    };
    // After the last answer the kill may come too late to matter.
    const { signal } = await ended;
    if (point !== 'verdict-answered') expect(signal).toBe('SIGKILL');
    service.onPoint = () => {};
    expect((await agent([]).ended).code).toBe(0);
    expect(spooled()).toEqual([]);
    expect(receipts()).toHaveLength(1);
    expect(storedHashes()).toHaveLength(1);
  },
  30_000,
);

test('killed again and again at random points: nothing lost, nothing doubled', async () => {
  let seed = 11;
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  let child: ChildProcess | undefined;
  service.onPoint = () => {
    if (random() < 0.3) child?.kill('SIGKILL');
  };
  let ends = 0;
  for (let first = true; ends < 40; first = false, ends++) {
    const run = agent(first ? ['--profile', profile] : []);
    child = run.child;
    if ((await run.ended).code === 0) break;
  }
  expect(ends).toBeLessThan(40);
  expect(spooled()).toEqual([]);
  expect(receipts()).toHaveLength(1);
  expect(new Set(storedHashes()).size).toBe(1);
  expect(storedHashes()).toHaveLength(1);
}, 60_000);

test('while the service fails or hangs up now and then, the profile waits and gets through', async () => {
  let calls = 0;
  service.fail = () => [503, undefined, 'hang up' as const, 500, undefined][calls++ % 5];
  const { code } = await agent(['--profile', profile]).ended;
  expect(code).toBe(0);
  expect(storedHashes()).toHaveLength(1);
}, 30_000);

test('no verdict in time: it waits in the spool, and a later run learns the end without sending it again', async () => {
  service.waits = 1e9;
  const first = await agent(['--profile', profile, '--wait', '1']).ended;
  expect(first.code).toBe(6);
  expect(first.stdout).toContain('waiting: no verdict yet');
  expect(spooled()).toHaveLength(1);
  service.waits = 0;
  expect((await agent([]).ended).code).toBe(0);
  expect(service.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(1);
  expect(service.requests.filter((request) => request.startsWith('POST'))).toHaveLength(1);
}, 30_000);

test.each([
  [1, 1],
  [3, 2],
])('%i addresses that expired: fresh ones are asked for, of %i uploads', async (expires, uploads) => {
  service.expires = expires;
  expect((await agent(['--profile', profile]).ended).code).toBe(0);
  expect(service.uploads.length).toBeGreaterThanOrEqual(uploads);
  expect(storedHashes()).toHaveLength(1);
});

test('what was not taken of an accepted profile is told', async () => {
  const excluded = [{ index: 3, code: 'measurement-unstable', message: 'spread 30 %' }];
  service.verdict = () => acceptedAs(1, excluded);
  const { code, stdout } = await agent(['--profile', profile]).ended;
  expect(code).toBe(0);
  expect(stdout).toContain(
    'accepted a-target: 1 measurements were not taken: 1 as measurement-unstable (the first: spread 30 %)',
  );
});

test('an upload that the service has forgotten is started anew', async () => {
  const { child, ended } = agent(['--profile', profile]);
  service.onPoint = (point) => {
    if (point === 'put-asked') child.kill('SIGKILL');
  };
  await ended;
  service.onPoint = () => {};
  service.uploads.length = 0;
  expect((await agent([]).ended).code).toBe(0);
  expect(storedHashes()).toHaveLength(1);
});

test('quarantined: the reason is shown, the profile kept apart and not sent again', async () => {
  service.verdict = () => ({
    status: 'quarantined',
    reason: { code: 'schema-invalid', message: 'target: no such thing', issues: [] },
  });
  const { code, stdout } = await agent(['--profile', profile]).ended;
  expect(code).toBe(5);
  expect(stdout).toContain('quarantined: schema-invalid: target: no such thing');
  expect(spooled()).toEqual([]);
  const apart = readdirSync(join(state, 'spool', 'quarantined'));
  expect(apart).toHaveLength(2);
  service.requests.length = 0;
  expect((await agent(['--profile', profile]).ended).code).toBe(0);
  expect(service.requests).toEqual([]);
});

test('a refused token ends it at once, and the profile waits', async () => {
  writeFileSync(tokenFile, 'sb_other_token\n');
  const { code } = await agent(['--profile', profile]).ended;
  expect(code).toBe(7);
  expect(service.requests).toEqual(['POST /v1/uploads']);
  expect(spooled()).toHaveLength(1);
});

test('what became of a profile is said although the next one ends it all', async () => {
  writeFileSync(tokenFile, 'sb_other_token\n');
  await agent(['--profile', profile]).ended;
  writeFileSync(tokenFile, service.token);
  const second = join(folder, 'second.json');
  const { context, ...rest } = JSON.parse(readFileSync(profile, 'utf8'));
  writeFileSync(second, JSON.stringify({ ...rest, context: { ...context, kernel: 'another' } }));
  let registrations = 0;
  service.fail = ({ method }) => (method === 'POST' && ++registrations > 1 ? 401 : undefined);
  const { code, stdout } = await agent(['--profile', second]).ended;
  expect(code).toBe(7);
  expect(stdout).toMatch(/^[0-9a-f]{12} accepted a-target\n$/);
  expect(spooled()).toHaveLength(1);
});

describe('what is wrong on this side', () => {
  test('a state folder that cannot be written: which, in one line', async () => {
    state = tokenFile;
    expect((await agent([]).ended).code).toBe(8);
    expect(printed).toMatch(/sugarbush-agent: cannot write \S+\/token\/spool: ENOTDIR\n$/);
  });

  test.each([
    ['no token', { token: '' }],
    ['a token of two lines', { token: 'sb_a\nsb_b' }],
  ])('%s', async (_, { token }) => {
    writeFileSync(tokenFile, token);
    expect((await agent([]).ended).code).toBe(2);
    expect(service.requests).toEqual([]);
  });

  test('a token is not carried over plain HTTP to another machine', async () => {
    const child = spawn(process.execPath, [
      bundle,
      'upload',
      '--api',
      'http://192.0.2.1',
      '--token-file',
      tokenFile,
      '--state',
      state,
    ]);
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(2);
  });

  test('a file that is no profile, and a damaged one in the spool', async () => {
    const other = join(folder, 'other.json');
    writeFileSync(other, '{"schemaVersion":1}');
    expect((await agent(['--profile', other]).ended).code).toBe(2);
    service.fail = () => 503;
    const { child, ended } = agent(['--profile', profile]);
    await expect.poll(() => service.requests.length, { timeout: 10_000 }).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await ended;
    service.fail = () => undefined;
    writeFileSync(join(state, 'spool', spooled()[0]!), 'half a file');
    expect((await agent([]).ended).code).toBe(0);
    expect(spooled()).toEqual([]);
    expect(readdirSync(join(state, 'spool', 'quarantined'))).toHaveLength(2);
    expect(storedHashes()).toEqual([]);
  }, 30_000);

  test('two agents at once on one spool: the second says so', async () => {
    service.fail = () => 503;
    const { child, ended } = agent(['--profile', profile]);
    await expect.poll(() => service.requests.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect((await agent([]).ended).code).toBe(1);
    child.kill('SIGTERM');
    await ended;
    expect(printed).toContain('another agent (process');
  }, 30_000);
});

test('the token and signed addresses stand in nothing that was printed or written', () => {
  const written = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes('state-'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  expect(written.length).toBeGreaterThan(5);
  for (const text of [printed, ...written]) {
    expect(text).not.toContain('0123456789abcdefSECRET');
    expect(text).not.toContain('SIGNED-');
  }
});
