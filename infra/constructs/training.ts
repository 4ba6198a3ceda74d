// Training as part of the service: the tasks with what each may touch, the state machine, and the schedules that start
// it.
import { Duration } from 'aws-cdk-lib';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { SugarbushConfig } from '../config.ts';
import type { PrivateBucket } from './private-bucket.ts';
import type { ServiceFunction } from './service-function.ts';
import { TrainingMachine, type TrainingTask, trainingTasks } from './training-machine.ts';

export interface TrainingProps {
  readonly config: SugarbushConfig;
  readonly data: PrivateBucket;
  /** Builds functions/training/{task}.ts. */
  readonly build: (task: TrainingTask, needsOnnxruntime: boolean) => ServiceFunction;
}

interface Access {
  readonly onnxruntime?: true;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

const dataset = ['targets/', 'measurements/', 'withdrawals/'];
const run = ['training-runs/', 'training-locks/', 'training-parts/'];

const access: Readonly<Record<TrainingTask, Access>> = {
  freeze: { reads: [...dataset, 'profiles/', ...run, 'snapshots/', 'predictors/'], writes: [...run, 'snapshots/'] },
  plan: { onnxruntime: true, reads: [...run, 'snapshots/', 'fits/', 'predictors/'], writes: [...run, 'fits/'] },
  fit: { onnxruntime: true, reads: [...run, 'snapshots/', 'fits/'], writes: [...run, 'fits/'] },
  evaluate: { onnxruntime: true, reads: [...run, 'snapshots/', 'fits/', 'predictors/'], writes: run },
  decide: { onnxruntime: true, reads: [...run, 'snapshots/', 'fits/', 'predictors/'], writes: run },
  report: { reads: run, writes: run },
  publish: { reads: [...run, 'fits/', 'predictors/', 'targets/'], writes: [...run, 'predictors/'] },
  adapt: {
    onnxruntime: true,
    reads: [...run, ...dataset, 'graphs/', 'predictors/', 'adaptations/'],
    writes: [...run, 'adaptations/'],
  },
  conclude: {
    onnxruntime: true,
    reads: [...run, ...dataset, 'graphs/', 'predictors/', 'adaptations/', 'snapshots/', 'fits/'],
    writes: [...run, 'adaptations/', 'predictors/', 'snapshots/'],
  },
  'record-failure': { reads: [...run, 'fits/', 'predictors/'], writes: [...run, 'predictors/'] },
};

export class Training extends Construct {
  readonly machine: TrainingMachine;

  constructor(scope: Construct, id: string, { config, data, build }: TrainingProps) {
    super(scope, id);
    const built = (task: TrainingTask): ServiceFunction => {
      const { onnxruntime, reads, writes } = access[task];
      const made = build(task, onnxruntime === true);
      data.grantRead(made.role, ...reads);
      data.grantWrite(made.role, ...writes);
      return made;
    };
    const { timeoutHours, schedule, newData, ...sizes } = config.training;
    this.machine = new TrainingMachine(this, 'Steps', {
      tasks: Object.fromEntries(trainingTasks.map((task) => [task, built(task)])) as Record<
        TrainingTask,
        ServiceFunction
      >,
      ...sizes,
      data: data.bucket,
      timeout: Duration.hours(timeoutHours),
      logRetentionDays: config.logs.retentionDays,
      tracing: config.watching.tracing,
    });
    data.grantRead(this.machine.role, 'training-parts/');
    const starts = [
      { name: 'Schedule', requestedBy: 'schedule', expression: schedule },
      { name: 'NewData', requestedBy: 'data', expression: newData.schedule },
    ];
    for (const { name, requestedBy, expression } of starts) {
      if (expression === undefined) continue;
      new Schedule(this, name, {
        description: `Trains the predictor (${requestedBy})`,
        schedule: ScheduleExpression.expression(expression),
        target: new StepFunctionsStartExecution(this.machine.machine, {
          input: ScheduleTargetInput.fromObject({ requestedBy }),
        }),
      });
    }
  }
}
