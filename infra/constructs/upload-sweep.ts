// When the function is called that finds uploads whose event was lost: on a schedule in the cloud, and at each start of
// the embedded stack too, which reads that from the schedule's metadata.
import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnSchedule, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { SugarbushConfig } from '../config.ts';
import type { ServiceFunction } from './service-function.ts';

export type UploadSweepProps = SugarbushConfig['uploads']['sweep'] & { readonly sweeper: ServiceFunction };

export class UploadSweep extends Construct {
  constructor(scope: Construct, id: string, { sweeper, schedule, newestHours, settledMinutes }: UploadSweepProps) {
    super(scope, id);
    // The next call does what a failed one did not.
    sweeper.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(30) });
    // CDK's own grant takes every version of the function.
    const mayCall = new PolicyDocument({
      statements: [
        new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [sweeper.function.functionArn] }),
      ],
    });
    const caller = new Role(this, 'Caller', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      inlinePolicies: { call: mayCall },
    });
    const made = new Schedule(this, 'Regularly', {
      description: 'Finds uploads that were put and never processed',
      schedule: ScheduleExpression.expression(schedule),
      target: new LambdaInvoke(sweeper.function, {
        role: caller.withoutPolicyUpdates(),
        input: ScheduleTargetInput.fromObject({ newestHours, settledMinutes }),
        retryAttempts: 0,
        maxEventAge: Duration.minutes(30),
      }),
    });
    // All that are kept, as nobody knows how long the machine was off.
    (made.node.defaultChild as CfnSchedule).addMetadata('sugarbush:at-start', '{}');
  }
}
