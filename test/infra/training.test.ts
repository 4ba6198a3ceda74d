// The training state machine as CDK writes it: valid by the validator, retried and caught everywhere, startable by
// those who may, and on a schedule.
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import aslValidator from 'asl-validator';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { config } from '#infra/config.ts';
import { parseScheduleExpression } from '#stack/schedule/expression.ts';
import { readDefinition } from '#stack/state-machine/definition.ts';
import { planStack } from '#stack/template/plan.ts';
import { ofType, type Synthesised, synthesised } from './synthesised.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

interface State {
  readonly Type: string;
  readonly Retry?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly JitterStrategy: string;
    readonly BackoffRate: number;
  }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly ItemProcessor?: {
    readonly States: Record<string, State>;
    readonly ProcessorConfig?: { readonly Mode: string };
  };
}

let app: Synthesised;
let plan: ReturnType<typeof planStack>;
let states: [string, State][];
beforeAll(() => {
  app = synthesised();
  plan = planStack(app.folder, { region: 'us-east-1', accountId: '000000000000' });
  const top = Object.entries((plan.stateMachines[0]!.definition as { States: Record<string, State> }).States);
  states = top.flatMap(([name, state]) => [[name, state], ...Object.entries(state.ItemProcessor?.States ?? {})]);
});
afterAll(() => rmSync(dirname(app.folder), { recursive: true, force: true }));

describe('the state machine', () => {
  test('is valid JSONPath, with its paths', () => {
    const [machine, ...more] = plan.stateMachines;
    expect(more).toEqual([]);
    const options = { checkArn: true, checkPaths: true };
    expect(aslValidator(machine!.definition, options)).toMatchObject({ isValid: true, errors: [] });
    expect(
      readDefinition('Training', machine!.definition)
        .tasks.map(({ state }) => state)
        .sort(),
    ).toEqual([
      'AdaptManyTargets',
      'AdaptTargets',
      'Decide',
      'EvaluateFold',
      'Fit',
      'FreezeSnapshot',
      'PlanFits',
      'PromoteOrRefuse',
      'Publish',
      'RecordFailure',
      'Report',
    ]);
  });

  test('tries every task again by the name of the error, ever later and not all at once', () => {
    const tasks = states.filter(([, { Type }]) => Type === 'Task');
    expect(tasks).toHaveLength(12);
    for (const [name, { Retry = [] }] of tasks) {
      const errors = Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
      expect([name, errors]).toEqual([
        name,
        expect.arrayContaining(['StoreBusy', 'StoreUnavailable', 'Runtime.ExitError']),
      ]);
      for (const final of ['States.ALL', 'TrainingError', 'RunEnded']) expect(errors).not.toContain(final);
      for (const { JitterStrategy, BackoffRate } of Retry) expect([JitterStrategy, BackoffRate]).toEqual(['FULL', 2]);
    }
  });

  test('records every failure, and ends well where the run has ended', () => {
    const inner = ['Fit', 'EvaluateFold', 'AdaptTargets', 'AdaptTargetsInChild'];
    const own = ['RecordFailure', 'RecordBatchFailure', 'Report', ...inner];
    const guarded = states.filter(([name, { Type }]) => /^(Task|Map)$/.test(Type) && !own.includes(name));
    expect(guarded.map(([name]) => name).sort()).toEqual([
      'AdaptAllTargets',
      'AdaptManyTargets',
      'Decide',
      'Evaluate',
      'FitAll',
      'FreezeSnapshot',
      'PlanFits',
      'PromoteOrRefuse',
      'Publish',
    ]);
    for (const [name, { Catch = [] }] of guarded) {
      const ways = Catch.map(({ ErrorEquals, Next }) => [ErrorEquals, Next]);
      expect([name, ways]).toEqual([
        name,
        [
          [['RunEnded', 'RunUnderWay'], 'Ended'],
          [['States.ALL'], 'RecordFailure'],
        ],
      ]);
    }
  });

  test('adapts up to 200 batches in an inline map, and more in a distributed one that reads them from the store', () => {
    const { mostInlineBatches, distributedAtOnce } = config.training;
    const of = (name: string): State & Record<string, unknown> =>
      states.find(([each]) => each === name)![1] as State & Record<string, unknown>;
    const modes = states.flatMap(([name, { Type, ItemProcessor }]) =>
      Type === 'Map' ? [[name, ItemProcessor!.ProcessorConfig?.Mode ?? 'INLINE']] : [],
    );
    expect(Object.fromEntries(modes)).toEqual({
      FitAll: 'INLINE',
      Evaluate: 'INLINE',
      AdaptAllTargets: 'INLINE',
      AdaptManyTargets: 'DISTRIBUTED',
    });
    expect(of('AreBatchesMany')).toMatchObject({
      Choices: [
        { Variable: '$.published.batchCount', NumericGreaterThan: mostInlineBatches, Next: 'AdaptManyTargets' },
      ],
      Default: 'AdaptAllTargets',
    });
    expect(of('Publish')['Parameters']).toEqual({ 'runId.$': '$.runId', mostInlineBatches: 200 });
    const many = of('AdaptManyTargets');
    expect(many).toMatchObject({
      ItemReader: {
        Resource: expect.stringContaining(':states:::s3:getObject'),
        ReaderConfig: { InputType: 'JSON' },
        Parameters: { Bucket: expect.any(String), 'Key.$': '$.published.batchesKey' },
      },
      ItemSelector: { 'runId.$': '$.runId', 'batch.$': '$$.Map.Item.Value' },
      MaxConcurrency: distributedAtOnce,
      ResultPath: null,
      Next: 'PromoteOrRefuse',
    });
    // Nothing may fail: what the language takes where nothing is said.
    expect(many['ToleratedFailureCount'] ?? many['ToleratedFailurePercentage']).toBeUndefined();
    // The same task in both, and the reason of a failure written down by the child execution, which alone knows it.
    const { Catch, ...adapt } = of('AdaptTargetsInChild');
    expect({ ...adapt, End: true }).toMatchObject({ ...of('AdaptTargets'), End: true });
    expect(Catch!.map(({ ErrorEquals, Next }) => [ErrorEquals, Next])).toEqual([
      [['RunEnded'], 'BatchUnwanted'],
      [['States.ALL'], 'RecordBatchFailure'],
    ]);
  });
});

test('the predictor is trained on the two schedules of the configuration, which run here too', () => {
  const [machine] = plan.stateMachines;
  const { schedule, newData } = config.training;
  const wanted = [
    { expression: schedule, input: { requestedBy: 'schedule' } },
    { expression: newData.schedule, input: { requestedBy: 'data' } },
  ];
  const found = plan.schedules
    .filter(({ key }) => key.includes('Training'))
    .map(({ expression, input, targetArn, timezone, enabled }) => {
      expect([targetArn, enabled]).toEqual([machine!.arn, true]);
      expect(parseScheduleExpression(expression, timezone)(new Date())).toBeInstanceOf(Date);
      return { expression, input: JSON.parse(input) };
    });
  expect(found).toEqual(expect.arrayContaining(wanted));
  expect(found).toHaveLength(wanted.length);
});

test('only the runs API may start and stop executions, and the machine the children of its distributed map', () => {
  const may = ofType(app.service, 'AWS::IAM::Policy').filter(({ Properties }) =>
    JSON.stringify(Properties['PolicyDocument']).includes('states:'),
  );
  // Beside it, the schedules' own role.
  expect(may.map(({ id }) => id.replace(/Role.*|Policy[0-9A-F]{8}$/, '')).sort()).toEqual([
    'Scheduler',
    'TrainingRuns',
    'TrainingStepsMachineDistributedMap',
  ]);
  const statements = (id: string) =>
    ofType(app.service, 'AWS::IAM::Policy')
      .filter((each) => each.id.startsWith(id))
      .flatMap(
        ({ Properties }) =>
          (Properties['PolicyDocument'] as { Statement: { Action: string | string[]; Resource: unknown }[] }).Statement,
      );
  const actions = (id: string) => statements(id).flatMap(({ Action }) => Action);
  expect(actions('TrainingStepsMachine')).toEqual([
    'states:StartExecution',
    'states:DescribeExecution',
    'states:StopExecution',
    'states:RedriveExecution',
  ]);
  // Of the data bucket it reads what the batches are in, and nothing else.
  const reads = statements('TrainingStepsRole').filter(({ Action }) => Action === 's3:GetObject');
  expect(reads.map(({ Resource }) => JSON.stringify(Resource))).toEqual([
    expect.stringContaining('"/training-parts/*"'),
  ]);
});
