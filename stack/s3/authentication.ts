// Who sent this request, and did they sign exactly this? Header signatures and presigned URLs of Signature Version 4.
// Refusals carry S3's codes. The body's own hash, where one is signed, is compared later by body.ts.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { S3Request } from './request.ts';
import { notImplemented, S3Error } from './s3-error.ts';
import { canonicalRequest, deriveSigningKey, type SigningContext, sameSignature, sign } from './signature.ts';

const maxClockSkewMs = 15 * 60 * 1000;
const maxPresignedS = 7 * 24 * 60 * 60;

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials carry one; a request must then send it. */
  readonly sessionToken?: string | undefined;
}

export interface Verifier {
  readonly credentials: S3Credentials;
  readonly region: string;
}

export interface Authentication {
  readonly presigned: boolean;
  /** What the sender signed as the payload's hash: 64 hex digits, `UNSIGNED-PAYLOAD` or one of S3's STREAMING forms. */
  readonly payloadHash: string;
  /** The request's own signature: what the first chunk of a signed stream is chained to. */
  readonly signature: string;
  readonly context: SigningContext;
}

interface Claim {
  readonly presigned: boolean;
  readonly credential: string;
  readonly longDate: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payloadHash: string;
  readonly expiresS: number | undefined;
  readonly sessionToken: string | undefined;
}

/** @throws S3Error with S3's code and words where the request is not signed, or not rightly. */
export function authenticate(request: S3Request, verifier: Verifier, nowMs: number): Authentication {
  const claim = readClaim(request);
  const malformed = claim.presigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed';
  const scope = readScope(claim.credential, malformed);
  const shortDate = claim.longDate.slice(0, 8);
  if (scope.date !== shortDate) {
    throw new S3Error(
      malformed,
      `Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: "${shortDate}".`,
    );
  }
  if (scope.region !== verifier.region) {
    throw new S3Error(malformed, `The region '${scope.region}' is wrong; expecting '${verifier.region}'`, {
      Region: verifier.region,
    });
  }
  if (!sameText(scope.accessKeyId, verifier.credentials.accessKeyId)) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      AWSAccessKeyId: scope.accessKeyId,
    });
  }
  checkTime(claim, nowMs);
  if (!sameText(claim.sessionToken ?? '', verifier.credentials.sessionToken ?? '')) {
    throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  }
  checkCoverage(request, claim);

  const context: SigningContext = {
    longDate: claim.longDate,
    scope: `${scope.date}/${scope.region}/s3/aws4_request`,
    signingKey: deriveSigningKey(verifier.credentials.secretAccessKey, scope.date, scope.region, 's3'),
  };
  const expected = sign(context, canonicalRequest(request, claim.signedHeaders, claim.payloadHash));
  if (!sameSignature(claim.signature, expected)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      { AWSAccessKeyId: scope.accessKeyId },
    );
  }
  return { presigned: claim.presigned, payloadHash: claim.payloadHash, signature: expected, context };
}

function readClaim(request: S3Request): Claim {
  const header = request.headers.get('authorization');
  const inQuery = request.query.has('X-Amz-Algorithm') || request.query.has('X-Amz-Signature');
  if (header !== undefined && inQuery) {
    throw new S3Error(
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified',
    );
  }
  if (inQuery) return readPresigned(request);
  if (header === undefined) throw new S3Error('AccessDenied', 'Access Denied');
  return readHeader(request, header);
}

function readHeader(request: S3Request, header: string): Claim {
  if (/^AWS\s/.test(header) || /^AWS4-ECDSA/.test(header)) {
    throw new S3Error(
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    );
  }
  const match =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([^,\s]+)$/.exec(header);
  if (match === null) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header is malformed; it must be AWS4-HMAC-SHA256 with Credential, SignedHeaders and Signature.',
    );
  }
  const longDate = request.headers.get('x-amz-date');
  if (longDate === undefined || !isLongDate(longDate)) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  }
  const payloadHash = request.headers.get('x-amz-content-sha256');
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  checkPayloadHash(payloadHash);
  return {
    presigned: false,
    credential: match[1]!,
    longDate,
    signedHeaders: readSignedHeaders(match[2]!, 'AuthorizationHeaderMalformed'),
    signature: match[3]!,
    payloadHash,
    expiresS: undefined,
    sessionToken: request.headers.get('x-amz-security-token'),
  };
}

function readPresigned(request: S3Request): Claim {
  const need = (name: string): string => {
    const value = request.query.get(name);
    if (value === undefined || value === '') {
      throw new S3Error(
        'AuthorizationQueryParametersError',
        `Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters; '${name}' is missing.`,
      );
    }
    return value;
  };
  if (need('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') {
    throw new S3Error('AuthorizationQueryParametersError', 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  }
  const longDate = need('X-Amz-Date');
  if (!isLongDate(longDate)) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
    );
  }
  const expires = need('X-Amz-Expires');
  if (!/^\d{1,9}$/.test(expires) || Number(expires) < 1 || Number(expires) > maxPresignedS) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      `X-Amz-Expires must be a whole number of seconds from 1 to ${maxPresignedS}; it is '${expires}'.`,
    );
  }
  const payloadHash =
    request.headers.get('x-amz-content-sha256') ?? request.query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD';
  checkPayloadHash(payloadHash);
  return {
    presigned: true,
    credential: need('X-Amz-Credential'),
    longDate,
    signedHeaders: readSignedHeaders(need('X-Amz-SignedHeaders'), 'AuthorizationQueryParametersError'),
    signature: need('X-Amz-Signature'),
    payloadHash,
    expiresS: Number(expires),
    sessionToken: request.query.get('X-Amz-Security-Token'),
  };
}

type Malformed = 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError';

function readSignedHeaders(text: string, malformed: Malformed): string[] {
  const names = text.split(';');
  const inOrder = names.every((name, index) => index === 0 || names[index - 1]! < name);
  if (!inOrder || names.some((name) => !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))) {
    throw new S3Error(malformed, 'SignedHeaders must be lower-case header names, sorted and separated by semicolons.');
  }
  return names;
}

function readScope(credential: string, malformed: Malformed): { accessKeyId: string; date: string; region: string } {
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split('/');
  const shaped = rest.length === 0 && terminator === 'aws4_request' && service === 's3' && /^\d{8}$/.test(date ?? '');
  if (!shaped || accessKeyId === undefined || accessKeyId === '' || date === undefined || region === undefined) {
    throw new S3Error(malformed, 'The Credential must be "<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request".');
  }
  return { accessKeyId, date, region };
}

function checkPayloadHash(payloadHash: string): void {
  if (payloadHash.startsWith('STREAMING-AWS4-ECDSA')) throw notImplemented(payloadHash);
  const known =
    /^[0-9a-f]{64}$/.test(payloadHash) ||
    payloadHash === 'UNSIGNED-PAYLOAD' ||
    payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' ||
    payloadHash === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' ||
    payloadHash === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  if (!known) {
    throw new S3Error(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
      {
        ArgumentName: 'x-amz-content-sha256',
        ArgumentValue: payloadHash,
      },
    );
  }
}

function checkTime(claim: Claim, nowMs: number): void {
  const signedAtMs = longDateMs(claim.longDate);
  const serverTime = new Date(nowMs).toISOString();
  if (claim.expiresS === undefined) {
    if (Math.abs(nowMs - signedAtMs) > maxClockSkewMs) {
      throw new S3Error(
        'RequestTimeTooSkewed',
        "The difference between the request time and the server's time is too large.",
        {
          RequestTime: claim.longDate,
          ServerTime: serverTime,
          MaxAllowedSkewMilliseconds: String(maxClockSkewMs),
        },
      );
    }
    return;
  }
  if (signedAtMs - nowMs > maxClockSkewMs) {
    throw new S3Error('AccessDenied', 'Request is not yet valid', { ServerTime: serverTime });
  }
  const endsAtMs = signedAtMs + claim.expiresS * 1000;
  if (nowMs > endsAtMs) {
    throw new S3Error('AccessDenied', 'Request has expired', {
      'X-Amz-Expires': String(claim.expiresS),
      Expires: new Date(endsAtMs).toISOString(),
      ServerTime: serverTime,
    });
  }
}

/** `host` and every `x-amz-*` header sent must be signed, and every header named as signed must have been sent. */
function checkCoverage(request: S3Request, claim: Claim): void {
  const signed = new Set(claim.signedHeaders);
  const unsigned = [...request.headers.keys()].filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name),
  );
  if (unsigned.length > 0 || !signed.has('host')) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.length > 0 ? unsigned.join(', ') : 'host',
    });
  }
  const missing = claim.signedHeaders.filter((name) => !request.headers.has(name));
  if (missing.length > 0) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      `The request lacks headers that its signature covers: ${missing.join(', ')}.`,
    );
  }
}

function isLongDate(text: string): boolean {
  return /^\d{8}T\d{6}Z$/.test(text) && Number.isFinite(longDateMs(text));
}

function longDateMs(text: string): number {
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)];
  return Date.parse(`${year}-${month}-${day}T${text.slice(9, 11)}:${text.slice(11, 13)}:${text.slice(13, 15)}Z`);
}

/** Compares by hash, so that neither length nor content of the secret side shows in the time it takes. */
function sameText(left: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}
