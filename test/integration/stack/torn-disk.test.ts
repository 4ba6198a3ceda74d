// What a power loss leaves of the state: empty and cut files. The stack starts, makes anew what it can, and names what
// it had to set aside.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Stack, startStack } from '#stack/stack.ts';
import { ExecutionJournal } from '#stack/state-machine/journal.ts';
import { bucket, lambda, notification, writeAssembly } from './write-assembly.ts';

let folder: string;
let state: string;
let stack: Stack;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-torn-'));
  state = join(folder, 'state');
  said = [];
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
});
afterEach(async () => {
  await stack?.close();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Data: bucket(),
    Ingest: lambda('index.records', { Environment: { Variables: { RECORD_FILE: join(folder, 'records') } } }),
    Wire: notification('Data', 'Ingest'),
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { DefinitionString: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } }) },
    },
  });
  stack = await startStack({ stateDir: state, port: 0, templateDir, graceMs: 0 });
}

async function withS3<T>(work: (s3: S3Client) => Promise<T>): Promise<T> {
  const { s3Url: endpoint, region, credentials } = stack;
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    return await work(s3);
  } finally {
    s3.destroy();
  }
}

async function call(operation: string, input: object): Promise<Record<string, string>> {
  const response = await fetch(stack.stepFunctionsUrl!, {
    method: 'POST',
    headers: {
      'x-amz-target': `AWSStepFunctions.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${stack.credentials.accessKeyId}/x`,
    },
    body: JSON.stringify(input),
  });
  return (await response.json()) as Record<string, string>;
}

const put = (Key: string) =>
  withS3((s3) => s3.send(new PutObjectCommand({ Bucket: stack.buckets['Data'], Key, Body: Key })));
const get = (Key: string) =>
  withS3(async (s3) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: stack.buckets['Data'], Key }));
    return Body!.transformToString();
  });
/** Without what the SDK's client writes into the object that it is given. */
const secrets = (): string[] => [stack.credentials.accessKeyId, stack.credentials.secretAccessKey];
const deliveries = (): number =>
  existsSync(join(folder, 'records')) ? readFileSync(join(folder, 'records'), 'utf8').trim().split('\n').length : 0;

async function ran(name: string): Promise<void> {
  const stateMachineArn = stack.stateMachines['Machine'];
  const { executionArn } = await call('StartExecution', { stateMachineArn, name, input: '{}' });
  const status = async () => (await call('DescribeExecution', { executionArn }))['status'];
  await expect.poll(status, { timeout: 10_000 }).toBe('SUCCEEDED');
}

test.each<[string, (file: string) => void]>([
  ['empty', (file) => truncateSync(file, 0)],
  ['cut', (file) => truncateSync(file, 20)],
])('an %s credentials file is made anew and named, and every object stays', async (_, tear) => {
  await start();
  await put('a');
  await stack.close();
  const file = join(state, 'credentials.json');
  const before = secrets();
  tear(file);
  await start();
  expect(secrets()).not.toEqual(before);
  expect(await get('a')).toBe('a');
  expect(said).toEqual([expect.stringContaining(`'${file}' is damaged`)]);
  expect(said[0]).toContain(`It was moved to '${join(state, 'damaged', 'credentials.json')}'`);
  await stack.close();
  const kept = secrets();
  await start();
  expect(secrets()).toEqual(kept);
});

test.each<[string, (file: string) => void]>([
  ['empty', (file) => truncateSync(file, 0)],
  ['cut', (file) => truncateSync(file, 40)],
])('an %s record of an execution is set aside and named; the others and the machine go on', async (_, tear) => {
  await start();
  await ran('torn');
  await ran('whole');
  await stack.close();
  const folderOfRuns = join(state, 'executions');
  const file = readdirSync(folderOfRuns).find((name) => name.includes('.torn.'))!;
  tear(join(folderOfRuns, file));
  await start();
  expect(said).toEqual([expect.stringContaining(`'${join(folderOfRuns, file)}' is damaged`)]);
  expect(readdirSync(join(folderOfRuns, 'damaged'))).toEqual([file]);
  const { executions } = await call('ListExecutions', { stateMachineArn: stack.stateMachines['Machine'] });
  expect((executions as unknown as { name: string }[]).map(({ name }) => name)).toEqual(['whole']);
  await ran('torn');
});

test('an empty lock and an empty progress of events only repeat what was done', async () => {
  await start();
  await put('a');
  await expect.poll(deliveries, { timeout: 10_000 }).toBe(1);
  await stack.close();
  writeFileSync(join(state, 's3', 'events.json'), '');
  writeFileSync(join(state, 'lock.json'), '');
  await start();
  expect(await get('a')).toBe('a');
  await expect.poll(deliveries, { timeout: 10_000 }).toBe(2);
  expect(said).toEqual([]);
});

test('a journal that was cut inside of a line repeats that task, and keeps what is written after it', async () => {
  const file = join(folder, 'journal');
  const calls: string[] = [];
  const answer = (journal: ExecutionJournal, state: string) =>
    journal.answer(state, {}, async () => {
      calls.push(state);
      return state;
    });
  const first = new ExecutionJournal(file);
  await answer(first, 'one');
  await answer(first, 'two');
  truncateSync(file, readFileSync(file).length - 5);
  const second = new ExecutionJournal(file);
  for (const state of ['one', 'two', 'three']) expect(await answer(second, state)).toBe(state);
  expect(calls).toEqual(['one', 'two', 'two', 'three']);
  appendFileSync(file, '{"call":');
  const third = new ExecutionJournal(file);
  for (const state of ['one', 'two', 'three']) expect(await answer(third, state)).toBe(state);
  expect(calls).toEqual(['one', 'two', 'two', 'three']);
});
