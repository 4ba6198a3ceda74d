// A disk that is really full: the state lies on a few megabytes of memory, mounted in a namespace of the stack's own,
// which takes no rights on Linux. Nothing else can show which of all writes of the process would end it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Stack } from '#stack/stack.ts';
import { lockState } from '#stack/state-lock.ts';
import { bucket, httpApi, lambda, notification, writeAssembly } from './write-assembly.ts';

type Addresses = Omit<Stack, 's3' | 'invoke' | 'close'>;

const small = (folder: string): string[] => [
  'unshare',
  '-Urm',
  'sh',
  '-c',
  'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"',
  folder,
];
const canMount = (): boolean => {
  const [program = '', ...given] = [...small(tmpdir()), 'true'];
  return process.platform === 'linux' && spawnSync(program, given).status === 0;
};

let folder: string;
let mount: string;
let child: ChildProcess;
let stack: Addresses;
let s3: S3Client;
let said: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-full-'));
  mount = join(folder, 'small');
  mkdirSync(mount);
  said = '';
});
afterEach(() => {
  child?.kill('SIGKILL');
  s3?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Data: bucket(),
    Fn: lambda('index.counts'),
    Slow: lambda('index.slow'),
    Ingest: lambda('index.records', { Environment: { Variables: { RECORD_FILE: join(folder, 'records') } } }),
    Wire: notification('Data', 'Ingest'),
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        DefinitionString: {
          'Fn::Join': [
            '',
            [
              '{"StartAt":"Wait","States":{"Wait":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",',
              '"Parameters":{"FunctionName":"',
              { 'Fn::GetAtt': ['Slow', 'Arn'] },
              '","Payload.$":"$"},"End":true}}}',
            ],
          ],
        },
      },
    },
    ...httpApi({ 'GET /counts': { function: 'Fn' } }),
  });
  const script = fileURLToPath(new URL('../../fixtures/run-stack-addresses.ts', import.meta.url));
  const [program = '', ...given] = [...small(mount), process.execPath, script, join(mount, 'state'), templateDir];
  child = spawn(program, given, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr!.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const [printed] = (await once(child.stdout!, 'data')) as [Buffer];
  stack = JSON.parse(printed.toString()) as Addresses;
  const { s3Url: endpoint, region, credentials } = stack;
  s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}

/** The small disk as the stack's process sees it. */
const inside = (...names: string[]): string => join(`/proc/${child.pid}/root`, mount, ...names);

/** Takes every block that is left. */
function fill(): void {
  for (const bytes of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(inside('filler'), Buffer.alloc(bytes));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
  }
}

const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: stack.buckets['Data'], Key, Body }));
const get = async (Key: string): Promise<string> =>
  (await s3.send(new GetObjectCommand({ Bucket: stack.buckets['Data'], Key }))).Body!.transformToString();

async function call(operation: string, input: object): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(stack.stepFunctionsUrl!, {
    method: 'POST',
    headers: {
      'x-amz-target': `AWSStepFunctions.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${stack.credentials.accessKeyId}/x`,
    },
    body: JSON.stringify(input),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}
const startExecution = (name: string, input: object) =>
  call('StartExecution', { stateMachineArn: stack.stateMachines['Machine'], name, input: JSON.stringify(input) });

const delivered = (): string[] => {
  const file = join(folder, 'records');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { key: string }).key);
};
const within = { timeout: 20_000 };

describe.skipIf(!canMount())('a full disk', () => {
  test('is said, refuses writes with 507 and 503, and leaves reads, functions and the process alone', async () => {
    await start();
    await put('before', 'kept');
    expect((await fetch(`${stack.apiUrl}/counts`)).status).toBe(200);
    await expect.poll(delivered, within).toEqual(['before']);
    const { body } = await startExecution('running', { ms: 3000 });
    fill();

    for (let count = 0; count < 3; count++) {
      await expect(put('during', 'x'.repeat(20_000))).rejects.toMatchObject({
        name: 'InsufficientStorage',
        $metadata: { httpStatusCode: 507, attempts: 1 },
      });
    }
    await expect(get('during')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(await get('before')).toBe('kept');
    // More lines of log than the last block of any file holds.
    for (let count = 0; count < 60; count++) expect((await fetch(`${stack.apiUrl}/counts`)).status).toBe(200);
    expect(await startExecution('refused', { ms: 0 })).toMatchObject({
      status: 503,
      body: { __type: expect.stringContaining('#ServiceUnavailable') },
    });
    const described = async () => (await call('DescribeExecution', body)).body['status'];
    await expect.poll(described, within).toBe('SUCCEEDED');
    expect(said).toMatch(/^stack: there is no space left on the disk of the state folder\. .* Free some space\.$/m);
    expect(child.exitCode).toBeNull();

    rmSync(inside('filler'));
    await put('after', 'x'.repeat(20_000));
    await expect.poll(delivered, within).toEqual(['before', 'after']);
    expect(await startExecution('accepted', { ms: 0 })).toMatchObject({ status: 200 });
    const records = inside('state', 'executions');
    const statusOf = (name: string): string => {
      const file = readdirSync(records).find((each) => each.endsWith(`.${name}.json`));
      return (JSON.parse(readFileSync(join(records, file!), 'utf8')) as { status: string }).status;
    };
    await expect.poll(() => statusOf('running'), within).toBe('SUCCEEDED');
    await expect.poll(() => statusOf('accepted'), within).toBe('SUCCEEDED');
    await expect.poll(() => readdirSync(records).filter((name) => name.endsWith('.journal')), within).toEqual([]);
    expect((await fetch(`${stack.apiUrl}/counts`)).status).toBe(200);
    const log = (): string => readFileSync(inside('state', 'logs', 'Fn.log'), 'utf8');
    await expect.poll(log, within).toMatch(/^\d+ lines are missing here: the disk was full\.\nSTART RequestId/m);
    expect(readdirSync(inside('state', 's3', 'incoming'))).toEqual([]);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);

  test('keeps a start from half beginning, and says what to do', async () => {
    const code =
      'import("#stack/state-lock.ts").then(({ lockState }) => lockState(process.argv[1]))' +
      '.catch((error) => console.log(error.name, error.message))';
    const filled = 'mkdir "$1"; cat /dev/zero > "$0/filler" 2>/dev/null; exec "$2" --input-type=module -e "$3" "$1"';
    const [program = '', ...given] = small(mount);
    const script = [...given.slice(0, -2), `mount -t tmpfs -o size=1m tmpfs "$0" && ${filled}`, mount];
    const state = join(mount, 'state');
    const { stdout } = spawnSync(program, [...script, state, process.execPath, code], { encoding: 'utf8' });
    expect(stdout.trim()).toBe(
      `StackError there is no space left on the disk of the state folder '${state}': free some, start again`,
    );
  });
});

test('a lock that finds space leaves nothing of itself', () => {
  lockState(join(folder, 'state'))();
  expect(readdirSync(join(folder, 'state'))).toEqual([]);
});
