// What must outlive everything else. It is a stack of its own, protected from deletion, so that the service stack can
// be torn down and built again over the same data.
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { SugarbushConfig } from '../config.ts';
import { DataBucket } from '../constructs/data-bucket.ts';

export interface DataStackProps extends StackProps {
  readonly config: SugarbushConfig;
}

export class DataStack extends Stack {
  readonly data: DataBucket;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, { description: 'Sugarbush: profiles, predictors and adaptations', ...props });
    this.data = new DataBucket(this, 'Data', { oldVersions: Duration.days(props.config.data.oldVersionsDays) });
    new CfnOutput(this, 'DataBucketName', { value: this.data.bucket.bucketName });
  }
}
