// Presigned PUTs that S3 itself refuses when anything differs: size, content (SHA-256), type, key and time are signed,
// and an object that is there is not replaced.
import type { PlaceRequest } from '#core/intake/register-upload.ts';
import type { S3Client } from './aws/s3-client.ts';

const contentType = 'application/gzip';

/** A request as it has to be made, to the letter. */
export interface SignedPut {
  readonly method: 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs places in a bucket: everything is signed as a header, because only there S3 checks it. */
export function uploadSigner(client: S3Client, bucket: string): (request: PlaceRequest) => Promise<SignedPut> {
  return async ({ key, sizeBytes, sha256, validForS }) => {
    const headers = {
      'content-length': String(sizeBytes),
      'content-type': contentType,
      'if-none-match': '*',
      'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
    };
    const url = await client.presign({ method: 'PUT', bucket, key, headers }, validForS);
    return { method: 'PUT', url, headers };
  };
}
