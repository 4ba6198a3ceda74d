// AWS Signature Version 4 of a request that is about to be sent: in its headers, or in its query so that another may
// send it. Source: IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating
// Requests (AWS Signature Version 4)". AWS's own signer is the independent check in the tests.
import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from './credentials.ts';

export interface SignableRequest {
  readonly method: string;
  readonly host: string;
  /** Percent-encoded as it is sent. */
  readonly path: string;
  /** Not encoded; each name once. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case, without host. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Signing {
  readonly credentials: AwsCredentials;
  readonly region: string;
  /** As it is written into the scope: 's3', 'states'. */
  readonly service: string;
  readonly nowMs: number;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** The request's headers and those that sign all of them and the body. */
export function signedHeaders(request: SignableRequest, body: Uint8Array, signing: Signing): Record<string, string> {
  const { accessKeyId, sessionToken } = signing.credentials;
  const payloadSha256 = createHash('sha256').update(body).digest('hex');
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-date': longDate(signing),
    'x-amz-content-sha256': payloadSha256,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const signature = signatureOf({ ...request, headers }, payloadSha256, signing);
  const credential = `Credential=${accessKeyId}/${scopeOf(signing)}`;
  const authorization = `${algorithm} ${credential}, SignedHeaders=${namesOf(headers)}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** The query that lets anybody send the request with exactly its headers, and any body that these allow, for
 * `validForS` seconds. Encoded. */
export function signedQuery(request: SignableRequest, validForS: number, signing: Signing): string {
  const { accessKeyId, sessionToken } = signing.credentials;
  const headers = { ...request.headers, host: request.host };
  const query: Record<string, string> = {
    ...request.query,
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'X-Amz-Credential': `${accessKeyId}/${scopeOf(signing)}`,
    'X-Amz-Date': longDate(signing),
    'X-Amz-Expires': String(validForS),
    'X-Amz-SignedHeaders': namesOf(headers),
    ...(sessionToken !== undefined && { 'X-Amz-Security-Token': sessionToken }),
  };
  const signature = signatureOf({ ...request, headers, query }, 'UNSIGNED-PAYLOAD', signing);
  return `${encodedQuery(query)}&X-Amz-Signature=${signature}`;
}

/** A query as it is sent and as it is signed: names and values encoded, in the order of the encoded names. */
export function encodedQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Every byte but the unreserved ones (A–Z a–z 0–9 - . _ ~) as %XX in upper case. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function signatureOf(request: SignableRequest, payloadSha256: string, signing: Signing): string {
  const { method, path, query, headers } = request;
  const lines = namesOf(headers)
    .split(';')
    .map((name) => `${name}:${headers[name]!.trim().replace(/[ \t]+/g, ' ')}\n`);
  const canonical = [method, path, encodedQuery(query), lines.join(''), namesOf(headers), payloadSha256].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = [algorithm, longDate(signing), scopeOf(signing), hash].join('\n');
  const { region, service, credentials } = signing;
  const hmac = (key: string | Buffer, part: string): Buffer => createHmac('sha256', key).update(part).digest();
  const key = [longDate(signing).slice(0, 8), region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  return hmac(key, text).toString('hex');
}

const namesOf = (headers: Readonly<Record<string, string>>): string => Object.keys(headers).sort().join(';');

/** `YYYYMMDD'T'HHMMSS'Z'` */
function longDate({ nowMs }: Signing): string {
  return new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function scopeOf(signing: Signing): string {
  return `${longDate(signing).slice(0, 8)}/${signing.region}/${signing.service}/aws4_request`;
}
