// The requests that this service makes of S3: get, head, put, delete, list, and a place that another may fill. A store
// over them is s3-store.ts. Source: Amazon S3 API Reference. A bucket's name is part of the host as AWS wants it, of
// the path where an endpoint is named, and where dots in the name would not match the certificate.

import type { TimeLimits } from '../time-limits.ts';
import type { AwsCredentials, CredentialSource } from './credentials.ts';
import { type ServiceAnswer, type ServiceRequest, serviceClient } from './service-client.ts';
import { AwsServiceError } from './service-error.ts';
import { encodeRfc3986 } from './sign-request.ts';

export interface S3ClientOptions {
  /** AWS_REGION by default. */
  readonly region?: string | undefined;
  /** AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL by default, else AWS's own. */
  readonly endpoint?: string | undefined;
  /** The environment's by default. */
  readonly credentials?: AwsCredentials | CredentialSource | undefined;
  /** Those of this process by default. */
  readonly limits?: TimeLimits | undefined;
}

export interface ObjectRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly bucket: string;
  /** The object's; without one the bucket itself is meant. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface S3Client {
  /** @param expected statuses that the caller knows what to do with
   * @throws AwsServiceError for every other status from 300 on, and where no answer came; DeadlineError when the call's
   * time is over */
  send(request: ObjectRequest, expected?: readonly number[]): Promise<ServiceAnswer>;
  /** The URL at which another may make the request for `validForS` seconds, with exactly these headers. */
  presign(request: ObjectRequest, validForS: number): Promise<string>;
  /** Ends kept connections; the client opens new ones when it is used again. */
  close(): void;
}

/** A client of S3. Credentials and region are asked for when there is a request. */
export function s3Client(options: S3ClientOptions = {}): S3Client {
  const endpoint = options.endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  const client = serviceClient({ ...options, service: 's3', endpoint });

  function toService({ bucket, key = '', ...request }: ObjectRequest): ServiceRequest {
    const path = `/${key.split('/').map(encodeRfc3986).join('/')}`;
    const inPath = client.hasEndpoint || bucket.includes('.');
    return { ...request, ...(inPath ? { path: `/${bucket}${path}` } : { hostPrefix: bucket, path }) };
  }

  return {
    async send(request, expected = []) {
      const answer = await client.send(toService(request));
      if (answer.status >= 300 && !expected.includes(answer.status)) throw refusal(request, answer);
      return answer;
    },
    presign: (request, validForS) => client.presign(toService(request), validForS),
    close: () => client.close(),
  };
}

function refusal(
  { method, bucket, key = '' }: ObjectRequest,
  { status, headers, body }: ServiceAnswer,
): AwsServiceError {
  const text = new TextDecoder().decode(body.subarray(0, 4096));
  const code = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? `Http${status}`;
  const said = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? 'no message';
  const id = headers['x-amz-request-id'] ?? 'none';
  return new AwsServiceError(code, `${method} s3://${bucket}/${key}: ${code}: ${said} (request id ${id})`, status);
}
