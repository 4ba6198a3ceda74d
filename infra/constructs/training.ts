// Training as part of the service: the tasks with what each may touch, the state machine, and the schedules that start
// it.
import { Duration } from 'aws-cdk-lib';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { SugarbushConfig } from '../config.ts';
import { trainingAccess } from '../training-access.ts';
import type { PrivateBucket } from './private-bucket.ts';
import type { ServiceFunction } from './service-function.ts';
import { TrainingMachine, type TrainingTask, trainingTasks } from './training-machine.ts';

export interface TrainingProps {
  readonly config: SugarbushConfig;
  readonly data: PrivateBucket;
  /** Builds functions/training/{task}.ts. */
  readonly build: (task: TrainingTask, needsOnnxruntime: boolean) => ServiceFunction;
}

export class Training extends Construct {
  readonly machine: TrainingMachine;

  constructor(scope: Construct, id: string, { config, data, build }: TrainingProps) {
    super(scope, id);
    const built = (task: TrainingTask): ServiceFunction => {
      const { onnxruntime, reads, writes, deletes } = trainingAccess[task];
      const made = build(task, onnxruntime === true);
      data.grantRead(made.role, ...reads);
      data.grantWrite(made.role, ...writes);
      if (deletes) data.grantDelete(made.role, ...deletes);
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
