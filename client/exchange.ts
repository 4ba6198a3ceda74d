// One request and the whole of its answer. A network fault says which host, never with which headers or query.
import { UnreachableError } from './errors.ts';
import { cancelled } from './retry.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface ExchangePorts {
  readonly fetch: typeof fetch;
  /** For the request and the whole of its answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Redirects are not followed: a token and a signed request are for one address.
 * @throws UnreachableError; DomainError `cancelled`, or what the signal was aborted with */
export async function exchange(url: string, init: RequestInit, ports: ExchangePorts): Promise<Answer> {
  const timeout = AbortSignal.timeout(ports.timeoutMs);
  const signal = ports.signal === undefined ? timeout : AbortSignal.any([timeout, ports.signal]);
  try {
    const response = await ports.fetch(url, { ...init, signal, redirect: 'error' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (cause) {
    if (ports.signal?.aborted === true) throw cancelled(ports.signal, cause);
    const reason = cause instanceof Error ? describeNetworkFault(cause) : 'no connection';
    throw new UnreachableError(`${new URL(url).host}: ${reason}`, { cause });
  }
}

function describeNetworkFault(error: Error): string {
  if (error.name === 'TimeoutError') return 'no answer in time';
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'string') return 'no connection';
  const isOfTime = code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED';
  return isOfTime ? `${code}: is the clock of this device right?` : code;
}
