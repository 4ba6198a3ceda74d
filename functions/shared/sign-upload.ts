// Presigned PUTs that S3 itself refuses when anything differs: size, content (SHA-256), type, key and time are signed,
// and an object that is there is not replaced.
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { PlaceRequest } from '#core/intake/register-upload.ts';

const contentType = 'application/gzip';

/** A request as it has to be made, to the letter. */
export interface SignedPut {
  readonly method: 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param client with `requestChecksumCalculation: 'WHEN_REQUIRED'`: otherwise the SDK signs the checksum of an empty
 * body into the URL (aws-sdk-js-v3 #4448) */
export function uploadSigner(client: S3Client, bucket: string): (request: PlaceRequest) => Promise<SignedPut> {
  return async ({ key, sizeBytes, sha256, validForS }) => {
    const headers = {
      'content-length': String(sizeBytes),
      'content-type': contentType,
      'if-none-match': '*',
      'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
    };
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      ContentLength: sizeBytes,
      ContentType: contentType,
      ChecksumSHA256: headers['x-amz-checksum-sha256'],
      IfNoneMatch: '*',
    });
    const url = await getSignedUrl(client, command, {
      expiresIn: validForS,
      signableHeaders: new Set(Object.keys(headers)),
      // As headers, not as query parameters: only there are they checked.
      unhoistableHeaders: new Set(['if-none-match', 'x-amz-checksum-sha256']),
    });
    return { method: 'PUT', url, headers };
  };
}
