// The objects of the uploads bucket with what a list shows of each, page by page.
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { incomingPrefix } from '#core/intake/keys.ts';
import type { PlacedObject } from '#core/intake/sweep-uploads.ts';
import { withinDeadline } from './deadline.ts';
import { ownTimeLimits } from './time-limits.ts';

/** All objects in the places of uploads, in the order of their keys. Rejects with the SDK's errors, and with a
 * DeadlineError where a page takes too long. */
export async function* listPlaced(client: S3Client, bucket: string): AsyncGenerator<PlacedObject> {
  const { callMs } = ownTimeLimits(process.env);
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: incomingPrefix, ContinuationToken: token };
    const command: ListObjectsV2Command = new ListObjectsV2Command(input);
    const page = await withinDeadline(`list '${incomingPrefix}'`, callMs, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      yield { key: Key!, sizeBytes: Size!, placedAtMs: LastModified!.getTime() };
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
}
