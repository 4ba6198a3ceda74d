// The way in for data: an untrusted bucket that devices write into through presigned URLs, a function that is told of
// every object, and a small bucket for the events whose processing failed each time.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
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
    // What CDK's own helper, which sets the notifications while deploying, may do: by itself it takes every bucket.
    const mayNotify = new PolicyDocument();
    const notifier = new Role(this, 'Notifier', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { notifications: mayNotify },
    });
    this.incoming = new PrivateBucket(this, 'Incoming', {
      notificationsHandlerRole: notifier.withoutPolicyUpdates(),
      removalPolicy: RemovalPolicy.DESTROY,
      expiry: props.expiry,
      whyNoAccessLogs: 'Every write goes through a presigned URL that the service issued and recorded.',
    });
    mayNotify.addStatements(
      new PolicyStatement({ actions: ['s3:PutBucketNotification'], resources: [this.incoming.bucket.bucketArn] }),
    );
    this.failures = new PrivateBucket(this, 'Failures', {
      removalPolicy: RemovalPolicy.DESTROY,
      expiry: props.failureExpiry,
      whyNoAccessLogs: 'It holds the notices of failed events only, written by Lambda itself.',
    });
  }

  /** Has the function told of every upload, at least once, with so many retries; then the event goes to `failures`. */
  processWith(target: ServiceFunction, { retries = 2 }: { readonly retries?: number } = {}): void {
    target.function.configureAsyncInvoke({
      retryAttempts: retries,
      maxEventAge: Duration.hours(6),
      // Not S3Destination: it grants reading and deleting too.
      onFailure: { bind: () => ({ destination: this.failures.bucket.bucketArn }) },
    });
    const { bucket, logicalId } = this.failures;
    const statements = [
      new PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects('*')] }),
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
    ];
    for (const statement of statements) target.role.addToPrincipalPolicy(statement);
    acknowledge(target.role, {
      [`AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/*]`]:
        'Lambda names the notice of a failed event itself; the bucket takes nothing else.',
    });
    this.incoming.bucket.addEventNotification(
      EventType.OBJECT_CREATED,
      new LambdaDestination(target.function),
      incoming,
    );
  }
}
