// S3 as a person uses it: with the credentials and the region that the AWS SDK finds (profiles, single sign-on, roles).
// The service's own client knows a function's environment only.
import { S3Client as SdkClient } from '@aws-sdk/client-s3';
import { type S3Client, s3Client } from '#functions/shared/aws/s3-client.ts';

/** A client that signs with the credentials of the SDK's default chain. @throws Error of the SDK where it finds no
 * region; a request rejects with it where it finds no credentials */
export async function operatorS3(): Promise<S3Client> {
  const { config } = new SdkClient({});
  return s3Client({ region: await config.region(), credentials: config.credentials });
}
