// A conditional write to S3 that knows itself again. Where a write succeeds and its answer is lost on the way, the
// next attempt meets the object that the first one made and is refused with 412, as if somebody else had been
// first. So every conditional write carries an id of its own in the object's metadata, and one that is refused after
// more than one attempt looks whose object is there. The same bytes of another writer are no proof: two that count up
// write the same. What is not seen: one's own write where somebody else has written over it since. Its writer reads and
// changes again, so every change that is made by read-modify-write must bear to be made twice.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#core/errors.ts';
import type { WriteCondition } from '#core/store/store.ts';
import type { ObjectRequest, S3Client } from './aws/s3-client.ts';
import { AwsServiceError } from './aws/service-error.ts';

/** The header that an object's metadata comes and goes in. */
export const writeIdHeader = 'x-amz-meta-write';

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
 * under way; else AwsServiceError */
export async function conditionalPut(client: S3Client, put: ConditionalPut): Promise<string> {
  const { bucket, key, body, condition } = put;
  const id = randomUUID();
  const headers = {
    'content-type': 'application/octet-stream',
    [writeIdHeader]: id,
    ...(condition.ifMatch !== undefined && { 'if-match': condition.ifMatch }),
    ...(condition.ifNoneMatch !== undefined && { 'if-none-match': condition.ifNoneMatch }),
  };
  // 404: If-Match on a key that is not there. 409: another conditional write of the key is under way.
  const refused = [412, 409, ...(condition.ifMatch === undefined ? [] : [404])];
  const {
    status,
    headers: answered,
    attempts,
  } = await client.send({ method: 'PUT', bucket, key, headers, body }, refused);
  if (!refused.includes(status)) return answered.etag!;
  const looks = attempts === 1 ? 0 : status === 409 ? looksAtUnsettled : 1;
  const own = await ownWrite(client, { method: 'HEAD', bucket, key }, id, looks);
  if (own !== undefined) return own;
  throw new DomainError('precondition-failed', `'${key}' is not as the write expected it`);
}

/** The etag of the object that carries the id; undefined where there is none, or where it cannot be looked at. */
async function ownWrite(client: S3Client, head: ObjectRequest, id: string, looks: number): Promise<string | undefined> {
  for (let look = 0; look < looks; look++) {
    if (look > 0) await sleep(lookAgainMs * 2 ** look);
    try {
      const { headers } = await client.send(head);
      if (headers[writeIdHeader] === id) return headers.etag;
    } catch (error) {
      // Not there, or this function may write the key and not read it: then the refusal stands.
      if (!(error instanceof AwsServiceError && error.status !== undefined)) throw error;
    }
  }
  return undefined;
}
