// Against AWS's own signer, on random requests: what we sign, AWS accepts.
import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeRfc3986,
  type SignableRequest,
  type Signing,
  signedHeaders,
  signedQuery,
} from '#functions/shared/aws/sign-request.ts';
import { NodeSha256 } from '../../../integration/stack/s3/node-sha256.ts';

const host = 'examplebucket.s3.amazonaws.com';
const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
/** S3's signer leaves a parameter of this name out. */
const lost = '__proto__';
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => value !== lost);
const headerValue = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const reserved =
  /^(host|x-amz-.*|authorization|cache-control|connection|expect|from|keep-alive|max-forwards|pragma|referer|te|trailer|transfer-encoding|upgrade|user-agent|x-amzn-trace-id|proxy-.*|sec-.*|content-.*)$/;

const requests: fc.Arbitrary<SignableRequest> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'DELETE', 'POST'),
  host: fc.constant(host),
  path: fc.array(text, { maxLength: 4 }).map((parts) => `/${parts.map(encodeRfc3986).join('/')}`),
  query: fc.dictionary(
    text.filter((name) => name !== ''),
    text,
    { maxKeys: 4 },
  ),
  headers: fc.dictionary(
    token.filter((name) => !reserved.test(name)),
    headerValue,
    { maxKeys: 4 },
  ),
});
const signings: fc.Arbitrary<Signing> = fc.record({
  credentials: fc.record({
    accessKeyId: fc.constant('AKIDEXAMPLE'),
    secretAccessKey: text,
    sessionToken: fc.option(fc.base64String({ minLength: 4 }), { nil: undefined }),
  }),
  region: fc.constantFrom('us-east-1', 'eu-central-1'),
  service: fc.constant('s3'),
  nowMs: fc.date({ min: new Date('2020-01-01'), max: new Date('2060-01-01'), noInvalidDate: true }).map(Number),
});

function aws({ credentials: { accessKeyId, secretAccessKey, sessionToken }, region, service }: Signing): SignatureV4 {
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  return new SignatureV4({ service, region, credentials, sha256: NodeSha256, uriEscapePath: false });
}

const asAws = ({ method, path, query, headers }: SignableRequest, more: Record<string, string>) => ({
  method,
  protocol: 'https:',
  hostname: host,
  path,
  query: { ...query },
  headers: { ...headers, host, ...more },
});

test('headers are signed as AWS signs them', async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.uint8Array(), signings, async (request, body, signing) => {
      const hash = createHash('sha256').update(body).digest('hex');
      const theirs = await aws(signing).sign(asAws(request, { 'x-amz-content-sha256': hash }), {
        signingDate: new Date(signing.nowMs),
      });
      expect(signedHeaders(request, body, signing)).toEqual(theirs.headers);
    }),
  );
});

test('a query is signed as AWS presigns it', async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 3600 }), signings, async (request, validForS, signing) => {
      const theirs = await aws(signing).presign(
        // Its own convention: a header of this name moves into the query.
        asAws(request, { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' }),
        {
          signingDate: new Date(signing.nowMs),
          expiresIn: validForS,
          signableHeaders: new Set(Object.keys(request.headers)),
        },
      );
      const ours = new URLSearchParams(signedQuery(request, validForS, signing));
      expect(Object.fromEntries(ours)).toEqual(theirs.query);
    }),
  );
});

test('the published example of a PUT is signed to the letter', () => {
  // Amazon S3 API Reference, "Signature calculations for the Authorization header", example "PUT Object".
  const request: SignableRequest = {
    method: 'PUT',
    host,
    path: '/test%24file.text',
    query: {},
    headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
  };
  const { authorization } = signedHeaders(request, new TextEncoder().encode('Welcome to Amazon S3.'), {
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    region: 'us-east-1',
    service: 's3',
    nowMs: Date.UTC(2013, 4, 24),
  });
  expect(authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
      'SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, ' +
      'Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  );
});
