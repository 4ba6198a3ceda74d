// The training state machine (JSONPath) with its tasks. docs/training.md describes the steps.
//
// Input: `{requestedBy}`; the run's id is the execution's name. Output: none that anybody reads: what a run
// did is in its record. Errors: tasks throw the names of functions/training/task.ts. `RunEnded` and `RunUnderWay` end
// the execution well, anything else that retries do not cure ends it as failed after RecordFailure wrote down why.
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  type CfnStateMachine,
  Choice,
  Condition,
  DefinitionBody,
  DistributedMap,
  Fail,
  type IChainable,
  JitterType,
  JsonPath,
  LogLevel,
  Map as MapState,
  Pass,
  QueryLanguage,
  Result,
  S3JsonItemReader,
  StateMachine,
  Succeed,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { ServiceFunction } from './service-function.ts';

export const trainingTasks = [
  'freeze',
  'plan',
  'fit',
  'evaluate',
  'decide',
  'report',
  'publish',
  'adapt',
  'conclude',
  'record-failure',
] as const;
export type TrainingTask = (typeof trainingTasks)[number];

export interface TrainingMachineProps {
  readonly tasks: Readonly<Record<TrainingTask, ServiceFunction>>;
  /** Fits, folds and batches of targets at once. */
  readonly atOnce: number;
  /** Batches of targets that the inline map adapts; more go to the distributed map (docs/training.md says why). */
  readonly mostInlineBatches: number;
  /** Batches of targets at once in the distributed map. */
  readonly distributedAtOnce: number;
  /** Where the publishing task leaves the batches of a distributed map. */
  readonly data: IBucket;
  /** An execution that takes longer is given up; a fit's Lambdas are called again and again until it is done. */
  readonly timeout: Duration;
  /** Days until a line of its log is deleted. */
  readonly logRetentionDays: number;
  /** X-Ray traces of executions. */
  readonly tracing: boolean;
}

const runId = { 'runId.$': '$.runId' };

/** Label of the distributed map; a part of its child executions' names. */
const manyLabel = 'AdaptManyTargets';

interface Batch {
  readonly payload: Record<string, unknown>;
  readonly resultPath: string;
}

/** A task may be called again after these: it did not run, it was killed, or the store was not there. */
const transient = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'States.Timeout',
  'StoreUnavailable',
];

export class TrainingMachine extends Construct {
  readonly machine: StateMachine;
  readonly role: Role;
  readonly #props: TrainingMachineProps;

  constructor(scope: Construct, id: string, props: TrainingMachineProps) {
    super(scope, id);
    this.#props = props;
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    this.machine = new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromChainable(this.#definition()),
      queryLanguage: QueryLanguage.JSON_PATH,
      timeout: props.timeout,
      role: this.role,
      // Which state began and ended when, and with which error; an execution's name is its run's id.
      logs: {
        destination: new LogGroup(this, 'Logs', {
          retention: props.logRetentionDays satisfies number as RetentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: props.tracing,
    });
    acknowledge(this.role, {
      'AwsSolutions-IAM5[Resource::*]': 'What delivers logs, and X-Ray where it is on, knows no resource.',
    });
    if (!props.tracing) {
      acknowledge(this.machine, {
        'AwsSolutions-SF2': 'Traces cost, and what every step did is in log and record: config.watching.tracing.',
      });
    }
    const machineId = Stack.of(this).getLogicalId(this.machine.node.defaultChild as CfnStateMachine);
    const executions = `{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${machineId}"}]}]}`;
    for (const resource of [executions, `${executions}/${manyLabel}`]) {
      acknowledge(this.machine, {
        [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${resource}:*]`]:
          'The wildcard is the name of a child execution: a distributed map starts them of this one state machine.',
      });
    }
    for (const { function: each } of Object.values(props.tasks)) {
      const logicalId = Stack.of(this).getLogicalId(each.node.defaultChild as CfnFunction);
      acknowledge(this.role, {
        [`AwsSolutions-IAM5[Resource::<${logicalId}.Arn>:*]`]: 'CDK grants the versions of the function with it.',
      });
    }
  }

  /** Start executions of the machine, and stop them. */
  grantRun(role: IRole): void {
    const { stateMachineArn } = this.machine;
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] }),
    );
    const name = Stack.of(this).getLogicalId(this.machine.node.defaultChild as CfnStateMachine);
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: `${this.machine.stateMachineName}:*`,
    });
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['states:StopExecution'], resources: [executions] }));
    acknowledge(role, {
      [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${name}.Name>:*]`]:
        'The wildcard is the name of an execution of this one state machine.',
    });
  }

  #definition(): IChainable {
    const { atOnce, mostInlineBatches, distributedAtOnce, data } = this.#props;
    const ended = new Succeed(this, 'Ended');
    const failed = new Fail(this, 'Failed', { error: 'TrainingFailed', causePath: '$.error.Cause' });
    const recordFailure = this.#task(
      'RecordFailure',
      'record-failure',
      { ...runId, 'error.$': '$.error' },
      {
        resultPath: JsonPath.DISCARD,
      },
    );
    recordFailure.next(failed);
    const guard = <T extends LambdaInvoke | MapState | DistributedMap>(state: T): T => {
      state.addCatch(ended, { errors: ['RunEnded', 'RunUnderWay'], resultPath: '$.error' });
      state.addCatch(recordFailure, { errors: ['States.ALL'], resultPath: '$.error' });
      return state;
    };

    const conclude = guard(
      this.#task(
        'PromoteOrRefuse',
        'conclude',
        { ...runId, 'outcome.$': '$.decided.outcome' },
        {
          resultPath: JsonPath.DISCARD,
        },
      ),
    ).next(ended);

    // A batch's result is null, as small as can be: an array of them is the map's, and must not exceed 256 KiB.
    const batch = { payload: { ...runId, 'batch.$': '$.batch' }, resultPath: JsonPath.entirePayload };
    const itemSelector = { ...runId, 'batch.$': '$$.Map.Item.Value' };
    const adaptAll = this.#map('AdaptAllTargets', '$.published.batches', itemSelector, atOnce);
    adaptAll.itemProcessor(this.#task('AdaptTargets', 'adapt', batch.payload, batch));
    guard(adaptAll).next(conclude);

    const reader = new S3JsonItemReader({ bucket: data, key: JsonPath.stringAt('$.published.batchesKey') });
    const adaptMany = new DistributedMap(this, manyLabel, {
      // The role may read this prefix already; CDK would let it read the whole bucket.
      itemReader: Object.assign(reader, { providePolicyStatements: () => [] }),
      itemSelector,
      maxConcurrency: distributedAtOnce,
      resultPath: JsonPath.DISCARD,
      label: manyLabel,
    });
    adaptMany.itemProcessor(this.#adaptInChild(batch));
    guard(adaptMany).next(conclude);

    const howMany = new Choice(this, 'AreBatchesMany')
      .when(Condition.numberGreaterThan('$.published.batchCount', mostInlineBatches), adaptMany)
      .otherwise(adaptAll);
    const publish = guard(
      this.#task('Publish', 'publish', { ...runId, mostInlineBatches }, { resultPath: '$.published' }),
    );
    publish.next(howMany);

    const report = this.#task('Report', 'report', runId, { resultPath: JsonPath.DISCARD });
    // Nobody waits for a report to be served a better predictor.
    report.addCatch(ended, { errors: ['RunEnded'], resultPath: '$.error' });
    report.addCatch(publish, { errors: ['States.ALL'], resultPath: JsonPath.DISCARD });
    report.next(publish);

    const decide = guard(this.#task('Decide', 'decide', runId, { resultPath: '$.decided' })).next(report);

    const evaluateFold = this.#task(
      'EvaluateFold',
      'evaluate',
      { ...runId, 'fold.$': '$.fold' },
      {
        resultPath: JsonPath.DISCARD,
      },
    );
    const evaluate = this.#map('Evaluate', '$.plan.folds', { ...runId, 'fold.$': '$$.Map.Item.Value.fold' }, atOnce);
    evaluate.itemProcessor(evaluateFold);
    guard(evaluate).next(decide);

    const fit = this.#task('Fit', 'fit', { ...runId, 'fitId.$': '$.fitId' }, { resultPath: '$.fitted' });
    const fitted = new Succeed(this, 'Fitted');
    fit.next(new Choice(this, 'IsFitDone').when(Condition.booleanEquals('$.fitted.done', true), fitted).otherwise(fit));
    const fits = this.#map('FitAll', '$.plan.fits', { ...runId, 'fitId.$': '$$.Map.Item.Value.fitId' }, atOnce);
    fits.itemProcessor(fit);
    guard(fits).next(evaluate);

    const plan = guard(this.#task('PlanFits', 'plan', runId, { resultPath: '$.plan' })).next(fits);
    const anythingNew = new Choice(this, 'IsAnythingNew')
      .when(Condition.booleanEquals('$.frozen.isNew', true), plan)
      .otherwise(ended);
    const freeze = this.#task(
      'FreezeSnapshot',
      'freeze',
      { ...runId, 'requestedBy.$': '$.requestedBy' },
      { resultPath: '$.frozen' },
    );
    guard(freeze).next(anythingNew);
    const begin = new Pass(this, 'Begin', {
      parameters: {
        'runId.$': '$$.Execution.Name',
        'requestedBy.$': '$.requestedBy',
      },
    });
    return begin.next(freeze);
  }

  /** A child execution of the distributed map fails with the number of failures only, so each writes down its
   * reason. */
  #adaptInChild({ payload, resultPath }: Batch): LambdaInvoke {
    const unwanted = new Pass(this, 'BatchUnwanted', { result: Result.fromString('the run has ended') });
    const record = this.#task(
      'RecordBatchFailure',
      'record-failure',
      { ...runId, 'error.$': '$.error' },
      { resultPath: JsonPath.DISCARD },
    );
    const adapt = this.#task('AdaptTargetsInChild', 'adapt', payload, { resultPath });
    adapt.addCatch(unwanted, { errors: ['RunEnded'], resultPath: JsonPath.DISCARD });
    adapt.addCatch(
      record.next(new Fail(this, 'BatchFailed', { error: 'TrainingFailed', causePath: '$.error.Cause' })),
      {
        errors: ['States.ALL'],
        resultPath: '$.error',
      },
    );
    return adapt;
  }

  #task(
    id: string,
    name: TrainingTask,
    payload: Record<string, unknown>,
    { resultPath }: { readonly resultPath: string },
  ): LambdaInvoke {
    const invoke = new LambdaInvoke(this, id, {
      lambdaFunction: this.#props.tasks[name].function,
      payload: TaskInput.fromObject(payload),
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      resultPath,
    });
    const jitterStrategy = JitterType.FULL;
    invoke.addRetry({
      errors: ['Lambda.TooManyRequestsException', 'StoreBusy'],
      interval: Duration.seconds(1),
      backoffRate: 2,
      maxAttempts: 6,
      maxDelay: Duration.seconds(30),
      jitterStrategy,
    });
    invoke.addRetry({
      errors: transient,
      interval: Duration.seconds(2),
      backoffRate: 2,
      maxAttempts: 4,
      maxDelay: Duration.minutes(1),
      jitterStrategy,
    });
    return invoke;
  }

  #map(id: string, itemsPath: string, itemSelector: Record<string, unknown>, maxConcurrency: number): MapState {
    return new MapState(this, id, { itemsPath, itemSelector, maxConcurrency, resultPath: JsonPath.DISCARD });
  }
}
