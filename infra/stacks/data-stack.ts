// What must outlive everything else. It is a stack of its own, protected from deletion, so that the service stack can
// be torn down and built again over the same data.
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { SugarbushConfig } from '../config.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';

export interface DataStackProps extends StackProps {
  readonly config: SugarbushConfig;
}

export class DataStack extends Stack {
  readonly data: PrivateBucket;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, { description: 'Sugarbush: profiles, predictors and adaptations', ...props });
    const { oldVersionsDays, fitsDays, snapshotsDays } = props.config.data;
    this.data = new PrivateBucket(this, 'Data', {
      removalPolicy: RemovalPolicy.RETAIN,
      oldVersions: Duration.days(oldVersionsDays),
      // A device's uploads are counted for a day; two, for clocks.
      prefixExpiry: {
        'upload-quota/': Duration.days(2),
        'fits/': Duration.days(fitsDays),
        'training-parts/': Duration.days(fitsDays),
        'snapshots/': Duration.days(snapshotsDays),
      },
      whyNoAccessLogs:
        'Only the functions of this service reach the bucket, and every change keeps the version before it; who read ' +
        'what is a question for CloudTrail data events, which an account switches on for all its buckets.',
    });
    new CfnOutput(this, 'DataBucketName', { value: this.data.bucket.bucketName });
  }
}
