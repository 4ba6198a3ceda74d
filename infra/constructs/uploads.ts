// The way in for data: an untrusted bucket that devices write into through presigned URLs, a function that is told of
// every object, and a small bucket for the events whose processing failed each time.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { S3Destination } from 'aws-cdk-lib/aws-lambda-destinations';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { PrivateBucket } from './private-bucket.ts';
import type { ServiceFunction } from './service-function.ts';

export interface UploadsProps {
  /** How long an upload stays, processed or not. */
  readonly expiry: Duration;
  /** How long a failed event stays for a person to look at. */
  readonly failureExpiry: Duration;
}

/** Keys that devices write: `incoming/{deviceId}/{uploadId}.json.gz`. */
export const incoming = { prefix: 'incoming/', suffix: '.json.gz' } as const;

export class Uploads extends Construct {
  readonly incoming: PrivateBucket;
  readonly failures: PrivateBucket;

  constructor(scope: Construct, id: string, props: UploadsProps) {
    super(scope, id);
    this.incoming = new PrivateBucket(this, 'Incoming', {
      removalPolicy: RemovalPolicy.DESTROY,
      expiry: props.expiry,
      whyNoAccessLogs: 'Every write goes through a presigned URL that the service issued and recorded.',
    });
    this.failures = new PrivateBucket(this, 'Failures', {
      removalPolicy: RemovalPolicy.DESTROY,
      expiry: props.failureExpiry,
      whyNoAccessLogs: 'It holds the notices of failed events only, written by Lambda itself.',
    });
  }

  /** Has the function told of every upload, at least once, with two retries; then the event goes to `failures`. */
  processWith(target: ServiceFunction): void {
    target.function.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new S3Destination(this.failures.bucket),
    });
    this.incoming.bucket.addEventNotification(
      EventType.OBJECT_CREATED,
      new LambdaDestination(target.function),
      incoming,
    );
    this.#acknowledgeGrants(target);
  }

  /** What CDK grants on its own, with the reasons why it stands. */
  #acknowledgeGrants(target: ServiceFunction): void {
    const whole = 'Lambda names the notice of a failed event itself; the bucket takes nothing else.';
    acknowledge(target.role, {
      'AwsSolutions-IAM5[Action::s3:GetObject*]': whole,
      'AwsSolutions-IAM5[Action::s3:GetBucket*]': whole,
      'AwsSolutions-IAM5[Action::s3:List*]': whole,
      'AwsSolutions-IAM5[Action::s3:DeleteObject*]': whole,
      'AwsSolutions-IAM5[Action::s3:Abort*]': whole,
      [`AwsSolutions-IAM5[Resource::<${this.failures.logicalId}.Arn>/*]`]: whole,
    });
    // The function that CDK adds to set a bucket's notifications while deploying; one in a stack, under a fixed name.
    const helper = Stack.of(this).node.children.find(({ node }) => node.id.startsWith('BucketNotificationsHandler'));
    if (!helper) return;
    const during = 'CDK’s own function; it runs while deploying and sets the notifications of the stack’s buckets.';
    acknowledge(helper, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
        during,
      'AwsSolutions-IAM5[Resource::*]': during,
    });
  }
}
