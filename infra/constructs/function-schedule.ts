// When a function is called by a schedule: in the cloud by EventBridge, which may call that one function and no other;
// by the embedded stack too, and there at each start where the schedule says so.
import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnSchedule, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { ServiceFunction } from './service-function.ts';

export interface FunctionScheduleProps {
  readonly target: ServiceFunction;
  readonly description: string;
  /** EventBridge Scheduler's `rate(…)` or `cron(…)`, UTC. */
  readonly schedule: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The input of a call at each start of the embedded stack. Unset: none then. */
  readonly atStart?: Readonly<Record<string, unknown>>;
}

export class FunctionSchedule extends Construct {
  constructor(scope: Construct, id: string, { target, description, schedule, input, atStart }: FunctionScheduleProps) {
    super(scope, id);
    // The next call does what a failed one did not.
    target.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(30) });
    // CDK's own grant takes every version of the function.
    const mayCall = new PolicyDocument({
      statements: [
        new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.function.functionArn] }),
      ],
    });
    const caller = new Role(this, 'Caller', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      inlinePolicies: { call: mayCall },
    });
    const made = new Schedule(this, 'Regularly', {
      description,
      schedule: ScheduleExpression.expression(schedule),
      target: new LambdaInvoke(target.function, {
        role: caller.withoutPolicyUpdates(),
        input: ScheduleTargetInput.fromObject(input),
        retryAttempts: 0,
        maxEventAge: Duration.minutes(30),
      }),
    });
    if (atStart === undefined) return;
    (made.node.defaultChild as CfnSchedule).addMetadata('sugarbush:at-start', JSON.stringify(atStart));
  }
}
