// The Lambda runtime with real processes: what a caller gets in every way a function can end.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { functionEnvironment } from '#stack/lambda/environment.ts';
import { type FunctionOptions, LambdaFunction } from '#stack/lambda/function.ts';
import { type InvocationReport, RequestTooLargeError, ThrottledError } from '#stack/lambda/invocation.ts';
import type { FunctionPlan } from '#stack/template/plan-functions.ts';

// Longer than a busy machine takes to start a process.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const patientMs = 60_000;

const bundles = fileURLToPath(new URL('../../fixtures/lambda', import.meta.url));

let folder: string;
let running: LambdaFunction[];
let reports: InvocationReport[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-lambda-'));
  running = [];
  reports = [];
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.close(0)));
  rmSync(folder, { recursive: true, force: true });
});

interface Given {
  readonly plan?: Partial<FunctionPlan>;
  readonly layers?: readonly string[];
  readonly options?: Partial<FunctionOptions>;
}

function start(handler: string, { plan, layers = [], options }: Given = {}): LambdaFunction {
  const full: FunctionPlan = {
    key: 'Tried',
    name: 'Service-Tried',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:Service-Tried',
    handler,
    codeFolder: bundles,
    layers: [],
    environment: { DATA_BUCKET: 'the-bucket' },
    memoryMiB: 512,
    timeoutS: 60,
    reservedConcurrency: undefined,
    logGroup: 'the-log-group',
    asynchronous: { retries: 2, maximumAgeS: 60, onFailureArn: undefined },
    ...plan,
  };
  const started = new LambdaFunction({
    plan: full,
    environment: functionEnvironment(
      full,
      layers,
      'us-east-1',
      { accessKeyId: 'key', secretAccessKey: 'secret' },
      { s3Url: 'http://127.0.0.1:9', clockStartedMs: Date.now() - uptime() * 1000 },
    ),
    logFile: join(folder, 'function.log'),
    maxSandboxes: 8,
    idleMs: 60_000,
    initLimitMs: patientMs,
    memoryCheckMs: 20,
    now: Date.now,
    onReport: (report) => reports.push(report),
    ...options,
  });
  running.push(started);
  return started;
}

function subfolder(name: string): string {
  const made = join(folder, name);
  mkdirSync(made);
  return made;
}

async function answer(
  handler: string,
  event: unknown = {},
  given: Given = {},
): Promise<{ failed: boolean; value: unknown }> {
  const { failed, payload } = await start(handler, given).invoke(JSON.stringify(event));
  return { failed, value: JSON.parse(payload) };
}

describe('a function that works', () => {
  test('answers with what its handler returns', async () => {
    const event = { text: 'ä€😀\u2028', list: [1, null, { a: true }] };
    expect(await answer('index.echo', event)).toEqual({ failed: false, value: event });
  });

  test('answers null for nothing', async () => {
    expect(await answer('index.nothing')).toEqual({ failed: false, value: null });
  });

  test('sees the environment of Lambda and of the template, and nothing of this machine', async () => {
    process.env['SECRET_OF_THE_MACHINE'] = 'x';
    const { value } = await answer(
      'index.environment',
      {},
      { plan: { memoryMiB: 640, environment: { A: '1', TZ: 'x' } } },
    );
    delete process.env['SECRET_OF_THE_MACHINE'];
    expect(value).toMatchObject({
      A: '1',
      TZ: 'x',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
      AWS_LAMBDA_FUNCTION_NAME: 'Service-Tried',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '640',
      AWS_LAMBDA_LOG_GROUP_NAME: 'the-log-group',
      LAMBDA_TASK_ROOT: bundles,
      _HANDLER: 'index.environment',
    });
    expect(Object.keys(value as object)).not.toContain('SECRET_OF_THE_MACHINE');
    expect(Object.keys(value as object)).not.toContain('HOME');
  });

  test('gets a context with its own request id and the time it has left', async () => {
    const { value } = await answer('index.context', {}, { plan: { timeoutS: 700 } });
    expect(value).toMatchObject({
      functionName: 'Service-Tried',
      memoryLimitInMB: '512',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Service-Tried',
      awsRequestId: reports[0]?.requestId,
    });
    const { remainingMs } = value as { remainingMs: number };
    expect(remainingMs).toBeGreaterThan(700_000 - patientMs);
    // Two clocks that tick in milliseconds may differ by a few.
    expect(remainingMs).toBeLessThan(700_100);
  });

  test('requires modules of a layer', async () => {
    const modules = join(folder, 'layer', 'nodejs', 'node_modules', 'from-layer');
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(modules, 'index.js'), "exports.name = 'loaded from the layer';");
    const layers = [join(folder, 'layer')];
    expect(await answer('common.handler', {}, { layers })).toEqual({ failed: false, value: 'loaded from the layer' });
  });

  test('stays warm: the same process answers the next call, and reports its start once', async () => {
    const counting = start('index.counts', { options: { patienceMs: patientMs } });
    const seen = [];
    for (let at = 0; at < 5; at++) seen.push(JSON.parse((await counting.invoke('{}')).payload));
    expect(new Set(seen.map(({ pid }) => pid)).size).toBe(1);
    expect(seen.map(({ calls }) => calls)).toEqual([1, 2, 3, 4, 5]);
    expect(reports.map(({ initMs }) => initMs !== undefined)).toEqual([true, false, false, false, false]);
  });

  test('writes its output and Lambda’s accounting into its log', async () => {
    await answer('index.prints');
    const log = readFileSync(join(folder, 'function.log'), 'utf8');
    const id = reports[0]!.requestId;
    expect(log).toMatch(
      new RegExp(`START RequestId: ${id}\n(.*\n)*a line of the handler\n(.*\n)*END RequestId: ${id}\n`),
    );
    expect(log).toMatch(/REPORT RequestId: .*Duration: [\d.]+ ms.*Memory Size: 512 MB.*Init Duration: [\d.]+ ms/);
  });
});

describe('a function that fails', () => {
  test('by throwing: the error’s name, message and trace', async () => {
    const { failed, value } = await answer('index.throws');
    expect(failed).toBe(true);
    expect(value).toMatchObject({ errorType: 'LuckError', errorMessage: 'no such luck' });
    expect((value as { trace: string[] }).trace[1]).toContain('index.mjs');
    expect(reports[0]?.status).toBe('error');
  });

  test.each([
    ['throwing text', 'index.throwsText', { errorType: 'string', errorMessage: 'plain text' }],
    ['a rejection nobody handles', 'index.rejectsBeside', { errorType: 'Runtime.UnhandledPromiseRejection' }],
    ['a handler that is no function', 'index.notAFunction', { errorType: 'Runtime.HandlerNotFound' }],
    ['a handler that does not exist', 'index.absent', { errorType: 'Runtime.HandlerNotFound' }],
    ['a file that does not exist', 'absent.handler', { errorType: 'Runtime.ImportModuleError' }],
    ['an error while loading', 'broken.handler', { errorType: 'RangeError', errorMessage: 'broken while loading' }],
  ])('by %s', async (_, handler, expected) => {
    const { failed, value } = await answer(handler);
    expect(failed).toBe(true);
    expect(value).toMatchObject(expected);
  });

  test.each([
    ['exits', 'index.exits', { code: 0 }, 'Runtime exited without providing a reason'],
    ['exits with a code', 'index.exits', { code: 7 }, 'Runtime exited with error: exit status 7'],
    ['is killed', 'index.dies', {}, 'Runtime exited with error: signal: killed'],
    ['exits while loading', 'exits-at-load.handler', {}, 'Runtime exited with error: exit status 3'],
  ])('because its process %s', async (_, handler, event, message) => {
    const { failed, value } = await answer(handler, event);
    expect(failed).toBe(true);
    expect(value).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${reports[0]?.requestId} Error: ${message}`,
    });
    expect(reports[0]?.status).toBe('crash');
  });

  test('is started again for the next call', async () => {
    const crashing = start('index.exits');
    expect((await crashing.invoke('{"code":1}')).failed).toBe(true);
    expect((await crashing.invoke('{"code":1}')).failed).toBe(true);
    expect(reports.map(({ initMs }) => initMs !== undefined)).toEqual([true, true]);
  });
});

describe('limits', () => {
  test('time: a handler that blocks its thread is ended', async () => {
    const { failed, value } = await answer('index.spins', {}, { plan: { timeoutS: 1 } });
    expect(failed).toBe(true);
    expect(value).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect((value as { errorMessage: string }).errorMessage).toMatch(/Task timed out after 1.00 seconds$/);
    expect(reports[0]?.status).toBe('timeout');
  });

  test('time to load', async () => {
    const { failed, value } = await answer('endless-load.handler', {}, { options: { initLimitMs: 300 } });
    expect(failed).toBe(true);
    expect((value as { errorMessage: string }).errorMessage).toMatch(/Init timed out$/);
  });

  test.skipIf(process.platform === 'win32')('memory outside the heap', async () => {
    const { failed, value } = await answer('index.hoards', {}, { plan: { memoryMiB: 192 } });
    expect(failed).toBe(true);
    expect(value).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect((value as { errorMessage: string }).errorMessage).toMatch(/signal: killed$/);
    expect(reports[0]?.status).toBe('out-of-memory');
    expect(reports[0]?.peakMemoryMiB).toBeGreaterThan(192);
  });

  test('memory inside the heap', async () => {
    const { failed, value } = await answer('index.hoardsObjects', {}, { plan: { memoryMiB: 128 } });
    expect(failed).toBe(true);
    expect(value).toMatchObject({ errorType: 'Runtime.ExitError' });
  });

  test('size of an answer: 6 MiB and 100 bytes, and no more', async () => {
    const limit = 6 * 1024 * 1024 + 100;
    const sized = start('index.large');
    expect(await sized.invoke(JSON.stringify({ sizeBytes: limit }))).toMatchObject({ failed: false });
    const over = await sized.invoke(JSON.stringify({ sizeBytes: limit + 1 }));
    expect(over.failed).toBe(true);
    expect(JSON.parse(over.payload)).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  test('size of an event: 6 MiB, and no more', async () => {
    const echoing = start('index.echo');
    const limit = 6 * 1024 * 1024;
    expect(await echoing.invoke(JSON.stringify('x'.repeat(limit - 2)))).toMatchObject({ failed: false });
    await expect(echoing.invoke(JSON.stringify('x'.repeat(limit - 1)))).rejects.toThrow(RequestTooLargeError);
  });
});

describe('calls at once', () => {
  test('get a process each', async () => {
    const meeting = start('index.meets');
    const event = JSON.stringify({ folder: subfolder('met'), processes: 4 });
    const answers = await Promise.all(Array.from({ length: 4 }, () => meeting.invoke(event)));
    expect(new Set(answers.map(({ payload }) => payload)).size).toBe(4);
    expect(meeting.sandboxCount).toBe(4);
  });

  test('wait their turn beyond the limit, and none is lost', async () => {
    const slow = start('index.slow', { options: { maxSandboxes: 2 } });
    const answers = await Promise.all(Array.from({ length: 10 }, () => slow.invoke('{"ms":20}')));
    expect(answers.every(({ failed }) => !failed)).toBe(true);
    expect(new Set(answers.map(({ payload }) => payload)).size).toBeLessThanOrEqual(2);
  });

  test('are refused beyond a reserved concurrency, unless they wait for capacity', async () => {
    const slow = start('index.slow', { plan: { reservedConcurrency: 1 } });
    const first = slow.invoke('{"ms":200}');
    await expect(slow.invoke('{"ms":1}')).rejects.toThrow(ThrottledError);
    const patient = slow.invoke('{"ms":1}', { waitForCapacity: true });
    expect((await first).payload).toBe((await patient).payload);
    expect(slow.sandboxCount).toBe(1);
  });

  test('all fail, none hangs, when the process of one after the other dies', async () => {
    const dying = start('index.dies', { options: { maxSandboxes: 2 } });
    const answers = await Promise.all(Array.from({ length: 6 }, () => dying.invoke('{}')));
    expect(answers.every(({ failed }) => failed)).toBe(true);
  });

  test('are not held up by a process that works on after its answer', async () => {
    const busy = start('index.worksOn', { options: { patienceMs: 10 } });
    const untilFile = join(folder, 'enough');
    const event = JSON.stringify({ untilFile });
    const pids = [await busy.invoke(event), await busy.invoke(event)].map(({ payload }) => payload);
    writeFileSync(untilFile, '');
    expect(new Set(pids).size).toBe(2);
  });
});

describe('processes go', () => {
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  test('after a while without calls', async () => {
    const counting = start('index.counts', { options: { idleMs: 100 } });
    const { pid } = JSON.parse((await counting.invoke('{}')).payload);
    await expect.poll(() => counting.sandboxCount, { timeout: patientMs }).toBe(0);
    expect(alive(pid)).toBe(false);
    expect((await counting.invoke('{}')).failed).toBe(false);
  });

  test('when the function closes, which waits for calls under way', async () => {
    const slow = start('index.slow');
    const call = slow.invoke('{"ms":300}');
    await slow.close(patientMs);
    const { failed, payload } = await call;
    expect(failed).toBe(false);
    expect(alive(Number(payload))).toBe(false);
    await expect(slow.invoke('{}')).rejects.toThrow(/shutting down/);
  });

  test('when the function closes at once: calls under way and waiting are answered as failed', async () => {
    const slow = start('index.slow', { options: { maxSandboxes: 1 } });
    const calls = [slow.invoke('{"ms":60000}'), slow.invoke('{"ms":60000}')];
    await slow.close(0);
    expect((await Promise.all(calls)).map(({ failed }) => failed)).toEqual([true, true]);
  });
});

test('handlers are found in subfolders and as .js', async () => {
  const code = join(folder, 'code');
  mkdirSync(join(code, 'deep'), { recursive: true });
  writeFileSync(join(code, 'package.json'), '{"type":"module"}');
  writeFileSync(join(code, 'deep', 'main.js'), 'export const run = async () => "deep";');
  expect(await answer('deep/main.run', {}, { plan: { codeFolder: code } })).toEqual({ failed: false, value: 'deep' });
});
