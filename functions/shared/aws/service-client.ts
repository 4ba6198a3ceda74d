// Calls to one AWS service: signed, tried again where that can help, each attempt and the whole call with an end. Knows
// nothing of what the service does.
import { setTimeout as sleep } from 'node:timers/promises';
import { withinDeadline } from '../deadline.ts';
import { ownTimeLimits, type TimeLimits } from '../time-limits.ts';
import { type AwsCredentials, type CredentialSource, environmentCredentials, required } from './credentials.ts';
import { type HttpAnswer, type HttpExchange, httpExchange } from './http-exchange.ts';
import { AwsServiceError } from './service-error.ts';
import { encodedQuery, type SignableRequest, type Signing, signedHeaders, signedQuery } from './sign-request.ts';

export interface ServiceClientOptions {
  /** As scopes of signatures name it. */
  readonly service: string;
  /** AWS_REGION by default. */
  readonly region?: string | undefined;
  /** An origin in the place of AWS's own. */
  readonly endpoint?: string | undefined;
  /** The environment's by default. */
  readonly credentials?: AwsCredentials | CredentialSource | undefined;
  /** Those of this process by default. */
  readonly limits?: TimeLimits | undefined;
}

export interface ServiceRequest {
  readonly method: string;
  /** What stands before AWS's own host: `s3.eu-central-1.amazonaws.com`. */
  readonly hostPrefix?: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface ServiceAnswer extends HttpAnswer {
  /** How many times the request was sent until this answer came. */
  readonly attempts: number;
}

export interface ServiceClient {
  /** Whether requests go to an origin that was named, and not to AWS's own. */
  readonly hasEndpoint: boolean;
  /** The answer, whatever its status; after the last attempt too. @throws AwsServiceError where none came,
   * DeadlineError when the call's time is over */
  send(request: ServiceRequest): Promise<ServiceAnswer>;
  /** The URL at which another may make the request for `validForS` seconds, with exactly these headers. */
  presign(request: ServiceRequest, validForS: number): Promise<string>;
  /** Ends kept connections. */
  close(): void;
}

const noBody = new Uint8Array();

/** A client of one service. Credentials and region are asked for when there is a request. */
export function serviceClient(options: ServiceClientOptions): ServiceClient {
  const { service, endpoint, limits = ownTimeLimits(process.env) } = options;
  const given = options.credentials ?? (() => environmentCredentials(process.env));
  const exchanges = new Map<string, HttpExchange>();
  /** What the service's clock is ahead of ours, learnt when it refuses a signature as too old or too new. */
  let clockOffsetMs = 0;

  const region = (): string => options.region ?? required(process.env, 'AWS_REGION');
  function originOf({ hostPrefix }: ServiceRequest): string {
    if (endpoint !== undefined) return endpoint.replace(/\/+$/, '');
    const suffix = region().startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
    return `https://${hostPrefix === undefined ? '' : `${hostPrefix}.`}${service}.${region()}.${suffix}`;
  }
  function exchangeWith(origin: string): HttpExchange {
    let exchange = exchanges.get(origin);
    if (!exchange) {
      exchange = httpExchange(origin, limits);
      exchanges.set(origin, exchange);
    }
    return exchange;
  }
  const signing = async (): Promise<Signing> => ({
    credentials: typeof given === 'function' ? await given() : given,
    region: region(),
    service,
    nowMs: Date.now() + clockOffsetMs,
  });
  const signable = (request: ServiceRequest): SignableRequest => ({
    method: request.method,
    host: new URL(originOf(request)).host,
    path: request.path,
    query: request.query ?? {},
    headers: request.headers ?? {},
  });

  async function attempt(request: ServiceRequest, nth: number, signal: AbortSignal): Promise<HttpAnswer> {
    const { method, path, query = {}, body = noBody } = request;
    const length = method === 'PUT' || method === 'POST' ? { 'content-length': String(body.byteLength) } : {};
    // As the SDK tells it: AWS counts retries by it.
    const count = { 'amz-sdk-request': `attempt=${nth}; max=${limits.attempts}` };
    const headers = { ...signedHeaders(signable(request), body, await signing()), ...length, ...count };
    const search = encodedQuery(query);
    const target = search === '' ? path : `${path}?${search}`;
    const answer = await exchangeWith(originOf(request))({ method, target, headers, body }, signal);
    if (isSkewed(answer)) clockOffsetMs = clockOffset(answer);
    return answer;
  }

  return {
    hasEndpoint: endpoint !== undefined,

    send: (request) =>
      withinDeadline(`${request.method} ${service}:${request.path}`, limits.callMs, async (signal) => {
        for (let tried = 1; ; tried++) {
          const outcome = await attempt(request, tried, signal).catch((error: unknown) => noAnswer(error));
          const failed = outcome instanceof AwsServiceError;
          if (!failed && !mayHelpAgain(outcome)) return { ...outcome, attempts: tried };
          if (tried >= limits.attempts || signal.aborted) {
            if (failed) throw outcome;
            return { ...outcome, attempts: tried };
          }
          // Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"), up to 100 ms doubling.
          await sleep(Math.random() * 100 * 2 ** (tried - 1), undefined, { signal });
        }
      }),

    async presign(request, validForS) {
      const query = signedQuery(signable(request), validForS, await signing());
      return `${originOf(request)}${request.path}?${query}`;
    },

    close() {
      for (const exchange of exchanges.values()) exchange.close();
      exchanges.clear();
    },
  };
}

/** Credentials and region that are missing are no network failure: they are thrown as they are. */
function noAnswer(error: unknown): AwsServiceError {
  const { name, code, message } = error as Error & { code?: string };
  if (code === undefined && name !== 'TimeoutError') throw error;
  return new AwsServiceError(code ?? name, message, undefined, error);
}

/** The service was busy or failed, or refused a signature for its time, which the next attempt corrects. */
function mayHelpAgain(answer: HttpAnswer): boolean {
  const { status } = answer;
  if ([429, 500, 502, 503, 504].includes(status)) return true;
  return status === 400 ? says(answer, /RequestTimeout|Throttling|TooManyRequests/) : isSkewed(answer);
}

const isSkewed = (answer: HttpAnswer): boolean =>
  answer.status === 403 && says(answer, /RequestTimeTooSkewed|Signature expired|Signature not yet current/);

function says({ body }: HttpAnswer, code: RegExp): boolean {
  return code.test(new TextDecoder().decode(body.subarray(0, 4096)));
}

function clockOffset({ headers }: HttpAnswer): number {
  const theirs = Date.parse(headers.date ?? '');
  return Number.isNaN(theirs) ? 0 : theirs - Date.now();
}
