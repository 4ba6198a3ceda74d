// What is signed is what S3 checks: the exact list of headers, nothing of them in the query, and no checksum of an
// empty body.
import { expect, test } from 'vitest';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { uploadSigner } from '#functions/shared/sign-upload.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' };
const client = s3Client({ region: 'eu-central-1', credentials });
const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

test('signs length, type, condition and hash as headers', async () => {
  const key = 'incoming/pi-1/0123.json.gz';
  const { url, headers } = await uploadSigner(client, 'uploads')({ key, sizeBytes: 5, sha256, validForS: 900 });
  // Of "hello", in base64 (openssl dgst -sha256 -binary | base64).
  const checksum = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';
  expect(headers).toEqual({
    'content-length': '5',
    'content-type': 'application/gzip',
    'if-none-match': '*',
    'x-amz-checksum-sha256': checksum,
  });
  const { host, pathname, searchParams } = new URL(url);
  expect([host, pathname]).toEqual(['uploads.s3.eu-central-1.amazonaws.com', `/${key}`]);
  expect(searchParams.get('X-Amz-SignedHeaders')).toBe(
    'content-length;content-type;host;if-none-match;x-amz-checksum-sha256',
  );
  expect(searchParams.get('X-Amz-Expires')).toBe('900');
  expect(
    [...searchParams.keys()].map((name) => name.toLowerCase()).filter((name) => /checksum|crc32/.test(name)),
  ).toEqual([]);
  expect(url.toLowerCase()).not.toContain('crc32');
});
