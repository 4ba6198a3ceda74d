// The objects of the uploads bucket with what a list shows of each, page by page.
import { incomingPrefix } from '#core/intake/keys.ts';
import type { PlacedObject } from '#core/intake/sweep-uploads.ts';
import { listObjects } from './aws/list-objects.ts';
import type { S3Client } from './aws/s3-client.ts';

/** All objects in the places of uploads, in the order of their keys. Rejects with AwsServiceError, and with a
 * DeadlineError where a page takes too long. */
export async function* listPlaced(client: S3Client, bucket: string): AsyncGenerator<PlacedObject> {
  for await (const { key, sizeBytes, modifiedAtMs } of listObjects(client, { bucket, prefix: incomingPrefix })) {
    yield { key, sizeBytes, placedAtMs: modifiedAtMs };
  }
}
