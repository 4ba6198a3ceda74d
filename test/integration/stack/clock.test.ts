// The machine's clock is set while the stack runs, and between two runs: time goes on, and what has ended stays so.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Stack, startStack } from '#stack/stack.ts';
import { bucket, lambda, writeAssembly } from './write-assembly.ts';

// Longer than a busy machine takes to start a stack and a process.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const dayMs = 86_400_000;
const functionTimeoutS = 600;
let folder: string;
let stack: Stack;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-clock-'));
  said = [];
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
});
afterEach(async () => {
  await stack?.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Sets the clock of this process, in which the stack runs. */
function setClock(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: ms });
}

/** @param options of Node in the function's process, whose clock they may set */
async function start(options = ''): Promise<void> {
  const Environment = { Variables: { NODE_OPTIONS: options } };
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Data: bucket(),
    Time: lambda('index.time', { Environment, Timeout: functionTimeoutS }),
  });
  stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir, graceMs: 0 });
}

interface Times {
  readonly now: number;
  readonly constructed: number;
  readonly remainingMs: number;
  readonly isDate: boolean;
}
const timesOfFunction = async (): Promise<Times> => JSON.parse((await stack.invoke('Time', {})).payload) as Times;

async function withS3<T>(work: (s3: S3Client, Bucket: string) => Promise<T>): Promise<T> {
  const { s3Url: endpoint, region, credentials, buckets } = stack;
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    return await work(s3, buckets['Data']!);
  } finally {
    s3.destroy();
  }
}

/** Puts an object and says when, by the store. */
const putAt = (Key: string): Promise<number> =>
  withS3(async (s3, Bucket) => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    return (await s3.send(new HeadObjectCommand({ Bucket, Key }))).LastModified!.getTime();
  });

/** An hour: more than any of these tests takes, and little of a day. */
const near = (ms: number, wanted: number): void => expect(Math.abs(ms - wanted)).toBeLessThan(3_600_000);

test.each([-dayMs, dayMs])('a clock that is set by %i ms changes no time of the store', async (stepMs) => {
  await start();
  const real = Date.now();
  near(await putAt('before'), real);
  const url = await withS3((s3, Bucket) =>
    getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'before' }), { expiresIn: 600 }),
  );
  setClock(real + stepMs);
  near(await putAt('after'), real);
  expect((await fetch(url)).status).toBe(200);
});

test.each(['-', '+'])(
  'nor does one that is set by %s1 day in a function’s process change the function’s',
  async (sign) => {
    const set =
      `const D = Date, now = D.now; D.now = () => now() ${sign} ${dayMs};` +
      'globalThis.Date = class extends D { constructor(...given) { super(...(given.length ? given : [D.now()])); } };';
    await start(`--import=data:text/javascript,${encodeURIComponent(set)}`);
    const real = Date.now();
    const { now, constructed, remainingMs, isDate } = await timesOfFunction();
    near(now, real);
    near(constructed, real);
    expect(remainingMs).toBeGreaterThan(0);
    // Two clocks that tick in milliseconds may differ by a few.
    expect(remainingMs).toBeLessThan(functionTimeoutS * 1000 + 100);
    expect(isDate).toBe(true);
  },
);

test('a clock that is set back between two runs does not bring back what was, and that is said', async () => {
  const real = Date.now();
  setClock(real + dayMs);
  await start();
  near(await putAt('tomorrow'), real + dayMs);
  await stack.close();
  expect(said).toEqual([]);
  setClock(real);
  await start();
  near(await putAt('later'), real + dayMs);
  near((await timesOfFunction()).now, real + dayMs);
  expect(said).toEqual([
    expect.stringMatching(/^stack: the clock of this machine says .*: time goes on from there\. If/),
  ]);
  const file = join(folder, 'state', 'clock.json');
  expect(said[0]).toContain(`delete '${file}'`);
  await stack.close();
  near((JSON.parse(readFileSync(file, 'utf8')) as { reachedMs: number }).reachedMs, real + dayMs);
});

test('one that is set forward between two runs is followed', async () => {
  const real = Date.now();
  await start();
  await stack.close();
  setClock(real + 30 * dayMs);
  await start();
  near(await putAt('later'), real + 30 * dayMs);
  expect(said).toEqual([]);
});

test.each(['', '{"reachedMs":17', '{"reachedMs":"x"}'])('a kept time of %j counts as none', async (text) => {
  await start();
  await stack.close();
  writeFileSync(join(folder, 'state', 'clock.json'), text);
  const real = Date.now();
  await start();
  near(await putAt('a'), real);
});
