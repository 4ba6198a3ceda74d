// A conditional write to S3 that knows itself again. Where a write succeeds and its answer is lost on the way, the
// SDK's next attempt meets the object that the first one made and is refused with 412, as if somebody else had been
// first. So every conditional write carries an id of its own in the object's metadata, and one that is refused after
// more than one attempt looks whose object is there. The same bytes of another writer are no proof: two that count up
// write the same. What is not seen: one's own write where somebody else has written over it since. Its writer reads and
// changes again, so every change that is made by read-modify-write must bear to be made twice.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { DomainError } from '#core/errors.ts';
import type { WriteCondition } from '#core/store/store.ts';

/** Name of the id in the object's metadata: the header `x-amz-meta-write`. */
export const writeIdName = 'write';

export interface ConditionalPut {
  readonly bucket: string;
  readonly key: string;
  readonly body: Uint8Array;
  readonly condition: WriteCondition;
}

/** S3 says 409 while another write of the key is under way, which may be the attempt before: that many looks. */
const looksAtUnsettled = 4;
const lookAgainMs = 50;

/** Writes, or finds that an attempt whose answer was lost has written.
 * @returns the etag of the object as this call wrote it
 * @throws DomainError `precondition-failed` when the condition does not hold, and when another write of the key is
 * under way; else the SDK's errors */
export async function conditionalPut(
  client: S3Client,
  { bucket, key, body, condition }: ConditionalPut,
  signal: AbortSignal,
): Promise<string> {
  const id = randomUUID();
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: body,
    IfMatch: condition.ifMatch,
    IfNoneMatch: condition.ifNoneMatch,
    Metadata: { [writeIdName]: id },
  });
  try {
    return (await client.send(command, { abortSignal: signal })).ETag!;
  } catch (cause) {
    const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
    // 404: If-Match on a key that is not there. 409: another conditional write of the key is under way.
    const refused = status === 412 || status === 409 || (status === 404 && condition.ifMatch !== undefined);
    if (!refused) throw cause;
    const attempts = (cause as S3ServiceException).$metadata.attempts ?? 1;
    const looks = attempts === 1 ? 0 : status === 409 ? looksAtUnsettled : 1;
    const own = await ownWrite(client, { Bucket: bucket, Key: key }, id, { looks, signal });
    if (own !== undefined) return own;
    throw new DomainError('precondition-failed', `'${key}' is not as the write expected it`, { cause });
  }
}

interface Looking {
  readonly looks: number;
  readonly signal: AbortSignal;
}

/** The etag of the object that carries the id; undefined where there is none, or where it cannot be looked at. */
async function ownWrite(
  client: S3Client,
  place: { readonly Bucket: string; readonly Key: string },
  id: string,
  { looks, signal }: Looking,
): Promise<string | undefined> {
  for (let look = 0; look < looks; look++) {
    if (look > 0) await sleep(lookAgainMs * 2 ** look);
    try {
      const { Metadata, ETag } = await client.send(new HeadObjectCommand(place), { abortSignal: signal });
      if (Metadata?.[writeIdName] === id) return ETag;
    } catch (error) {
      // Not there, or this function may write the key and not read it: then the refusal stands.
      if (!(error instanceof S3ServiceException)) throw error;
    }
  }
  return undefined;
}
