// A bucket that is reachable over TLS only and by nobody but those it was granted to. Grants are by key prefix, and an
// action is granted by its name.
import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface PrivateBucketProps {
  /** RETAIN for what must outlive the stack. */
  readonly removalPolicy: RemovalPolicy;
  /** Keep replaced and deleted objects that long. Unset: no versions. */
  readonly oldVersions?: Duration;
  /** Delete objects at that age. Unset: never. */
  readonly expiry?: Duration;
  /** Delete objects under a prefix at an age of their own. */
  readonly prefixExpiry?: Readonly<Record<string, Duration>>;
  /** Role of CDK's helper function that sets the bucket's notifications. Unset: one that may do it on every bucket. */
  readonly notificationsHandlerRole?: IRole;
  /** Why its accesses are not logged into another bucket. */
  readonly whyNoAccessLogs: string;
}

export class PrivateBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    super(scope, id);
    const { removalPolicy, oldVersions, expiry, prefixExpiry = {}, notificationsHandlerRole } = props;
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy,
      ...(oldVersions && { versioned: true }),
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          ...(oldVersions && { noncurrentVersionExpiration: oldVersions }),
          ...(expiry && { expiration: expiry }),
        },
        ...Object.entries(prefixExpiry).map(([prefix, expiration]) => ({
          prefix,
          expiration,
          ...(oldVersions && { noncurrentVersionExpiration: Duration.days(1) }),
        })),
      ],
      ...(notificationsHandlerRole && { notificationsHandlerRole }),
    });
    acknowledge(this.bucket, { 'AwsSolutions-S1': props.whyNoAccessLogs });
  }

  /** The bucket's name in its own template. */
  get logicalId(): string {
    return Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket);
  }

  /** Get objects under the prefixes and list them. */
  grantRead(role: IRole, ...prefixes: readonly string[]): void {
    this.grantGet(role, ...prefixes);
    // Without a prefix nothing is listed. S3 then answers 403 to a get of what is not there, since to say 404 it asks
    // for this permission without one: the store finds out (functions/shared/s3-store.ts).
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
      }),
    );
  }

  /** Get objects under the prefixes, whose keys are known: nothing is listed. */
  grantGet(role: IRole, ...prefixes: readonly string[]): void {
    this.#grant(role, 's3:GetObject', prefixes);
  }

  /** Put objects under the prefixes. Conditional puts (If-Match) read the version they replace: grant read beside
   * it. */
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
    if (Stack.of(scope) === own) return `<${this.logicalId}.Arn>`;
    return (own.resolve(own.exportValue(this.bucket.bucketArn)) as { 'Fn::ImportValue': string })['Fn::ImportValue'];
  }
}
