// The presigned PUT of a profile: to S3, not to the API, and without the token.
import { ApiError } from './errors.ts';
import { type ExchangePorts, exchange } from './exchange.ts';
import { retryAfterMs } from './retry.ts';

/** As `registerUpload` answers it. */
export interface UploadPlace {
  /** Secret: whoever has it can put the profile. */
  readonly url: string;
  /** To the letter: they are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

/** `exists`: it was put there before. `expired`: the address is too old or was refused; registering again gives
 * another. */
export type Stored = 'stored' | 'exists' | 'expired';

/** One attempt. @throws ApiError, UnreachableError, DomainError `cancelled` */
export async function putUpload(
  { url, headers }: UploadPlace,
  bytes: Uint8Array,
  ports: ExchangePorts,
  now: () => number,
): Promise<Stored> {
  // fetch states the length itself.
  const sent = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length');
  const init = { method: 'PUT', headers: Object.fromEntries(sent), body: bytes as Uint8Array<ArrayBuffer> };
  const { status, headers: answered } = await exchange(url, init, ports);
  if (status >= 200 && status < 300) return 'stored';
  if (status === 412) return 'exists';
  if (status === 403 || status === 400) return 'expired';
  const message = `PUT of the profile: the store answers ${status}`;
  const wait = { retryAfterMs: retryAfterMs(answered.get('retry-after'), now()) };
  // 409 is S3's word for "again".
  throw new ApiError(message, { status, code: 'internal', ...wait, ...(status === 409 && { mayPass: true }) });
}
