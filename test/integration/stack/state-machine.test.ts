// State machines of the embedded stack: definitions as CDK emits them, on real functions, through the Step Functions
// protocol; retries, catches, stops, and executions that outlive the stack.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#stack/stack.ts';
import { lambda, type Resources, writeAssembly } from './write-assembly.ts';

let folder: string;
let stack: Stack;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-states-'));
});
afterEach(async () => {
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const arn = { 'Fn::GetAtt': ['Step', 'Arn'] };
const invoke = (payload: object, more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'STEP_ARN', ...(payload as object) },
  OutputPath: '$.Payload',
  ...more,
});

/** The definition as CDK writes it: text joined around the function's ARN. */
function machine(definition: object): Resources[string] {
  const parts = JSON.stringify(definition).split('STEP_ARN');
  const joined = parts.flatMap((part, at) => (at === 0 ? [part] : [arn, part]));
  return { Type: 'AWS::StepFunctions::StateMachine', Properties: { DefinitionString: { 'Fn::Join': ['', joined] } } };
}

async function start(definition: object): Promise<void> {
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Step: lambda('index.step', { Environment: { Variables: { RECORD_FILE: join(folder, 'records') } } }),
    Machine: machine(definition),
  });
  stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir, graceMs: 0 });
}

interface Answer {
  readonly executionArn: string;
  readonly status: string;
  readonly output: string;
  readonly cause: string;
  readonly stopDate: number;
  readonly executions: readonly unknown[];
  readonly __type: string;
}

async function call(operation: string, input: object, accessKeyId = stack.credentials.accessKeyId) {
  const response = await fetch(stack.stepFunctionsUrl!, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AWSStepFunctions.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/states/aws4_request`,
    },
    body: JSON.stringify(input),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

async function startExecution(input: object = {}, name?: string): Promise<string> {
  const stateMachineArn = stack.stateMachines['Machine'];
  const { status, body } = await call('StartExecution', { stateMachineArn, input: JSON.stringify(input), name });
  expect([status, body]).toEqual([200, { executionArn: expect.any(String), startDate: expect.any(Number) }]);
  return body.executionArn;
}

const describeExecution = async (executionArn: string) => (await call('DescribeExecution', { executionArn })).body;

async function ended(executionArn: string) {
  await expect
    .poll(async () => (await describeExecution(executionArn)).status, { timeout: 15_000 })
    .not.toBe('RUNNING');
  return describeExecution(executionArn);
}

const records = (): string[] => {
  const file = join(folder, 'records');
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).name)
    : [];
};

const one = (name: string, more: object = {}) => invoke({ Payload: { name, ...more } });
/** Passes its input on instead of its result. */
const aside = { ResultPath: null, OutputPath: undefined };
const catchAll = [{ ErrorEquals: ['States.ALL'], Next: 'Caught', ResultPath: '$.error' }];

describe('an execution', () => {
  test('runs tasks, a loop, a map and a choice to its output', async () => {
    await start({
      StartAt: 'First',
      States: {
        First: { ...invoke({ 'Payload.$': '$' }), Next: 'Loop' },
        Loop: { ...invoke({ Payload: { name: 'loop', 'round.$': '$.round' } }), Next: 'Done?' },
        'Done?': {
          Type: 'Choice',
          Choices: [{ Variable: '$.round', NumericGreaterThanEquals: 3, Next: 'Items' }],
          Default: 'Loop',
        },
        Items: { Type: 'Pass', Result: ['a', 'b', 'c'], ResultPath: '$.items', Next: 'Each' },
        Each: {
          Type: 'Map',
          ItemsPath: '$.items',
          MaxConcurrency: 2,
          ItemSelector: { 'item.$': '$$.Map.Item.Value', 'run.$': '$$.Execution.Name' },
          ItemProcessor: {
            ProcessorConfig: { Mode: 'INLINE' },
            StartAt: 'One',
            States: {
              One: { ...invoke({ Payload: { 'name.$': "States.Format('{}-{}', $.run, $.item)" } }), End: true },
            },
          },
          End: true,
        },
      },
    });
    const result = await ended(await startExecution({ name: 'start' }, 'run-1'));
    expect(result).toMatchObject({ status: 'SUCCEEDED', name: 'run-1', input: '{"name":"start"}' });
    expect(JSON.parse(result.output)).toEqual(['a', 'b', 'c'].map((item) => ({ did: `run-1-${item}`, round: 1 })));
    expect(records().sort()).toEqual(['loop', 'loop', 'run-1-a', 'run-1-b', 'run-1-c', 'start']);
    const log = readFileSync(join(folder, 'state', 'logs', 'Machine.log'), 'utf8');
    expect(log).toContain('"type":"ExecutionSucceeded"');
  });

  test('retries by the error’s name, also after a crash, and catches the rest with its cause', async () => {
    const retry = [{ ErrorEquals: ['Busy', 'Runtime.ExitError'], IntervalSeconds: 0, MaxAttempts: 2, BackoffRate: 1 }];
    await start({
      StartAt: 'Busy',
      States: {
        Busy: { ...one('busy', { failures: 2, error: 'Busy' }), ...aside, Retry: retry, Next: 'Dying' },
        Dying: { ...one('dying', { dieOnce: true }), ...aside, Retry: retry, Next: 'Broken' },
        Broken: { ...one('broken', { failures: 9, error: 'Odd' }), Retry: retry, Catch: catchAll, End: true },
        Caught: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
      },
    });
    const result = await ended(await startExecution());
    expect(result).toMatchObject({ status: 'FAILED', error: 'Odd' });
    expect(JSON.parse(result.cause)).toMatchObject({ errorType: 'Odd', errorMessage: 'failure 1' });
    expect(records()).toEqual(['busy', 'busy', 'busy', 'dying', 'dying', 'broken']);
  });

  test('fails in a distributed map, by name and with what to do, only where it is reached', async () => {
    const ItemProcessor = {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Item',
      States: { Item: { ...one('item'), End: true } },
    };
    await start({
      StartAt: 'Many?',
      States: {
        'Many?': {
          Type: 'Choice',
          Choices: [{ Variable: '$.items', NumericGreaterThan: 1, Next: 'Many' }],
          Default: 'Few',
        },
        Few: { ...one('few'), End: true },
        Many: { Type: 'Map', ItemProcessor, Retry: [{ ErrorEquals: ['States.ALL'] }], Catch: catchAll, End: true },
        Caught: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
      },
    });
    expect(await ended(await startExecution({ items: 1 }))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await ended(await startExecution({ items: 2 }))).toMatchObject({
      status: 'FAILED',
      error: 'EmbeddedStack.DistributedMap',
      cause: expect.stringContaining("state 'Many' is a distributed map, which the embedded stack does not execute"),
    });
    expect(records()).toEqual(['few']);
  });

  test('calls a function by its ARN as well', async () => {
    await start({ StartAt: 'Direct', States: { Direct: { Type: 'Task', Resource: 'STEP_ARN', End: true } } });
    const { status, output } = await ended(await startExecution({ name: 'direct' }));
    expect([status, JSON.parse(output)]).toEqual(['SUCCEEDED', { did: 'direct', round: 1 }]);
  });
});

describe('the endpoint', () => {
  const slow = { StartAt: 'Slow', States: { Slow: { ...one('slow', { ms: 60_000 }), End: true } } };

  test('starts one execution for one name and input', async () => {
    await start(slow);
    const first = await startExecution({ a: 1 }, 'same');
    expect(await startExecution({ a: 1 }, 'same')).toBe(first);
    const stateMachineArn = stack.stateMachines['Machine'];
    const other = await call('StartExecution', { stateMachineArn, input: '{"a":2}', name: 'same' });
    expect([other.status, other.body.__type]).toEqual([400, expect.stringContaining('#ExecutionAlreadyExists')]);
    const listed = await call('ListExecutions', { stateMachineArn, statusFilter: 'RUNNING' });
    expect(listed.body.executions).toHaveLength(1);
  });

  test('stops an execution at once, with the reason', async () => {
    await start(slow);
    const executionArn = await startExecution();
    await expect.poll(records).toEqual(['slow']);
    const { body } = await call('StopExecution', { executionArn, error: 'Stopped', cause: 'by an operator' });
    expect(body.stopDate).toBeGreaterThan(0);
    expect(await describeExecution(executionArn)).toMatchObject({
      status: 'ABORTED',
      error: 'Stopped',
      cause: 'by an operator',
    });
    expect(readdirSync(join(folder, 'state', 'executions')).filter((name) => name.endsWith('.journal'))).toEqual([]);
  });

  test('a stopped execution does not retry', async () => {
    const retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 5, BackoffRate: 1 }];
    const failing = one('failing', { failures: 9, ms: 300 });
    await start({ StartAt: 'Failing', States: { Failing: { ...failing, Retry: retry, End: true } } });
    const executionArn = await startExecution();
    await expect.poll(records).toEqual(['failing']);
    await call('StopExecution', { executionArn });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(records()).toEqual(['failing']);
    expect(await describeExecution(executionArn)).toMatchObject({ status: 'ABORTED' });
  });

  test.each([
    ['StartExecution', { stateMachineArn: 'arn:aws:states:x:y:stateMachine:none' }, 'StateMachineDoesNotExist'],
    ['DescribeExecution', { executionArn: 'none' }, 'ExecutionDoesNotExist'],
    ['StopExecution', { executionArn: 'none' }, 'ExecutionDoesNotExist'],
    ['StopExecution', {}, 'ValidationException'],
    ['SendTaskSuccess', {}, 'UnknownOperationException'],
  ])('refuses %s %j', async (operation, input, code) => {
    await start(slow);
    const { status, body } = await call(operation, input);
    expect([status, body.__type]).toEqual([400, `com.amazonaws.swf.service.v2.model#${code}`]);
  });

  test('knows its own credentials only', async () => {
    await start(slow);
    const { body } = await call('ListExecutions', { stateMachineArn: 'x' }, 'AKIAOTHER');
    expect(body.__type).toContain('UnrecognizedClientException');
  });
});

test('an execution goes on where it was after the stack was closed: finished tasks are not run again', async () => {
  const definition = {
    StartAt: 'First',
    States: {
      First: { ...one('first'), ...aside, Next: 'Both' },
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Quick', States: { Quick: { ...one('quick'), End: true } } },
          { StartAt: 'Long', States: { Long: { ...one('long', { ms: 4000 }), End: true } } },
        ],
        Next: 'Last',
      },
      Last: { ...one('last'), End: true },
    },
  };
  await start(definition);
  const executionArn = await startExecution({}, 'long-run');
  await expect.poll(() => records().sort()).toEqual(['first', 'long', 'quick']);
  await stack.close();
  expect(records()).not.toContain('last');
  await start(definition);
  expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"did":"last","round":1}' });
  expect(records().sort()).toEqual(['first', 'last', 'long', 'long', 'quick']);
});
