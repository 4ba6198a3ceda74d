// The trusted bucket: versioned, kept when the stack goes, reachable over TLS only. Grants are by key prefix, and an
// action is granted by its name.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface DataBucketProps {
  /** How long replaced and deleted versions stay recoverable. */
  readonly oldVersions: Duration;
}

export class DataBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: DataBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { noncurrentVersionExpiration: props.oldVersions, abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    acknowledge(this.bucket, {
      'AwsSolutions-S1':
        'Only the functions of this service reach the bucket, and every change keeps the version before it; ' +
        'who read what is a question for CloudTrail data events, which an account switches on for all its buckets.',
    });
  }

  /** Get objects under the prefixes and list them. */
  grantRead(role: IRole, ...prefixes: readonly string[]): void {
    this.#grant(role, 's3:GetObject', prefixes);
    // IfExists: a get of a missing key asks for this permission too, without a prefix, to answer 404 instead of 403.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
      }),
    );
  }

  /** Put objects under the prefixes. Conditional puts (If-Match) read the version they replace: grant read beside it. */
  grantWrite(role: IRole, ...prefixes: readonly string[]): void {
    this.#grant(role, 's3:PutObject', prefixes);
  }

  /** Delete objects under the prefixes; the bucket's versions keep them recoverable. */
  grantDelete(role: IRole, ...prefixes: readonly string[]): void {
    this.#grant(role, 's3:DeleteObject', prefixes);
  }

  #grant(role: IRole, action: string, prefixes: readonly string[]): void {
    const resources = prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}*`));
    role.addToPrincipalPolicy(new PolicyStatement({ actions: [action], resources }));
    for (const prefix of prefixes) {
      acknowledge(role, {
        [`AwsSolutions-IAM5[Resource::${this.#arnFor(role)}/${prefix}*]`]:
          'The wildcard is the name of an object inside one prefix: objects are created at run time.',
      });
    }
  }

  /** The bucket's ARN as cdk-nag prints it: an import in another stack, an attribute in the bucket's own. */
  #arnFor(scope: IConstruct): string {
    const own = Stack.of(this);
    if (Stack.of(scope) === own) return `<${own.getLogicalId(this.bucket.node.defaultChild as CfnBucket)}.Arn>`;
    return (own.resolve(own.exportValue(this.bucket.bucketArn)) as { 'Fn::ImportValue': string })['Fn::ImportValue'];
  }
}
