// The training state machine (JSONPath) with its tasks. docs/training.md describes the steps.
//
// Input: `{searchSpace, requestedBy}`; the run's id is the execution's name. Output: none that anybody reads: what a run
// did is in its record. Errors: tasks throw the names of functions/training/task.ts. `RunEnded` and `RunUnderWay` end the
// execution well, anything else that retries do not cure ends it as failed after RecordFailure wrote down why.
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import {
  type CfnStateMachine,
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  type IChainable,
  JitterType,
  JsonPath,
  Map as MapState,
  Pass,
  QueryLanguage,
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
  'adapt',
  'conclude',
  'record-failure',
] as const;
export type TrainingTask = (typeof trainingTasks)[number];

export interface TrainingMachineProps {
  readonly tasks: Readonly<Record<TrainingTask, ServiceFunction>>;
  /** Fits, folds and batches of targets at once. */
  readonly atOnce: number;
  /** An execution that takes longer is given up; a fit's Lambdas are called again and again until it is done. */
  readonly timeout: Duration;
}

const runId = { 'runId.$': '$.runId' };

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
  readonly #tasks: TrainingMachineProps['tasks'];

  constructor(scope: Construct, id: string, props: TrainingMachineProps) {
    super(scope, id);
    this.#tasks = props.tasks;
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    this.machine = new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromChainable(this.#definition(props.atOnce)),
      queryLanguage: QueryLanguage.JSON_PATH,
      timeout: props.timeout,
      role,
    });
    const why = 'What every run and step did, and why it ended, is in the run’s record in the data bucket.';
    acknowledge(this.machine, {
      'AwsSolutions-SF1': why,
      'AwsSolutions-SF2': `${why} Traces would cost more than they tell of nine tasks in a row.`,
    });
    for (const { function: each } of Object.values(props.tasks)) {
      const logicalId = Stack.of(this).getLogicalId(each.node.defaultChild as CfnFunction);
      acknowledge(role, {
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

  #definition(atOnce: number): IChainable {
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
    const guard = <T extends LambdaInvoke | MapState>(state: T): T => {
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

    const adaptBatch = this.#task(
      'AdaptTargets',
      'adapt',
      { ...runId, 'batch.$': '$.batch' },
      {
        resultPath: JsonPath.DISCARD,
      },
    );
    const adaptAll = this.#map(
      'AdaptAllTargets',
      '$.decided.batches',
      { ...runId, 'batch.$': '$$.Map.Item.Value' },
      atOnce,
    );
    adaptAll.itemProcessor(adaptBatch);
    guard(adaptAll).next(conclude);

    const report = this.#task('Report', 'report', runId, { resultPath: JsonPath.DISCARD });
    // Nobody waits for a report to be served a better predictor.
    report.addCatch(ended, { errors: ['RunEnded'], resultPath: '$.error' });
    report.addCatch(adaptAll, { errors: ['States.ALL'], resultPath: '$.reportError' });
    report.next(adaptAll);

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

    const fit = this.#task(
      'Fit',
      'fit',
      { ...runId, 'searchSpace.$': '$.searchSpace', 'fitId.$': '$.fitId' },
      { resultPath: '$.fitted' },
    );
    const fitted = new Succeed(this, 'Fitted');
    fit.next(new Choice(this, 'IsFitDone').when(Condition.booleanEquals('$.fitted.done', true), fitted).otherwise(fit));
    const fits = this.#map(
      'FitAll',
      '$.plan.fits',
      { ...runId, 'searchSpace.$': '$.searchSpace', 'fitId.$': '$$.Map.Item.Value.fitId' },
      atOnce,
    );
    fits.itemProcessor(fit);
    guard(fits).next(evaluate);

    const plan = guard(this.#task('PlanFits', 'plan', runId, { resultPath: '$.plan' })).next(fits);
    const anythingNew = new Choice(this, 'IsAnythingNew')
      .when(Condition.booleanEquals('$.frozen.isNew', true), plan)
      .otherwise(ended);
    const freeze = this.#task(
      'FreezeSnapshot',
      'freeze',
      { ...runId, 'searchSpace.$': '$.searchSpace', 'requestedBy.$': '$.requestedBy' },
      { resultPath: '$.frozen' },
    );
    guard(freeze).next(anythingNew);
    const begin = new Pass(this, 'Begin', {
      parameters: {
        'runId.$': '$$.Execution.Name',
        'searchSpace.$': '$.searchSpace',
        'requestedBy.$': '$.requestedBy',
      },
    });
    return begin.next(freeze);
  }

  #task(
    id: string,
    name: TrainingTask,
    payload: Record<string, unknown>,
    { resultPath }: { readonly resultPath: string },
  ): LambdaInvoke {
    const invoke = new LambdaInvoke(this, id, {
      lambdaFunction: this.#tasks[name].function,
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
