// Where events end up whose processing failed every time: an object in a bucket, or another function.
// Key and record as Lambda writes them:
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
import { randomUUID } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { AsynchronousOptions, FailureRecord } from './lambda/asynchronous.ts';
import type { Credentials } from './lambda/environment.ts';
import type { LambdaFunction } from './lambda/function.ts';
import { StackError } from './stack-error.ts';

export interface FailureSenderOptions {
  readonly s3Url: string;
  readonly region: string;
  readonly credentials: Credentials;
  functionOf(arn: string): LambdaFunction;
}

/** Sends the record of a failed event to its destination, a bucket of this stack. Rejects for any other kind. */
export function failureSender(options: FailureSenderOptions): AsynchronousOptions['sendFailure'] {
  const { s3Url: endpoint, region, credentials } = options;
  let client: S3Client | undefined;
  return async (destinationArn: string, functionName: string, record: FailureRecord) => {
    const body = JSON.stringify(record);
    const [, , service] = destinationArn.split(':');
    if (service === 's3') {
      client ??= new S3Client({ endpoint, region, credentials, forcePathStyle: true });
      const Key = failureKey(functionName, record.timestamp);
      const Bucket = destinationArn.slice('arn:aws:s3:::'.length);
      await client.send(new PutObjectCommand({ Bucket, Key, Body: body, ContentType: 'application/json' }));
    } else if (service === 'lambda') {
      await options.functionOf(destinationArn).invoke(body, { waitForCapacity: true });
    } else throw new StackError(`the embedded stack cannot send failed events to ${destinationArn}`);
  };
}

/** `aws/lambda/async/{function}/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-{uuid}` */
function failureKey(functionName: string, timestamp: string): string {
  const [date = '', time = ''] = timestamp.split(/[T.]/);
  return `aws/lambda/async/${functionName}/${date.replaceAll('-', '/')}/${date}T${time.replaceAll(':', '.')}-${randomUUID()}`;
}
