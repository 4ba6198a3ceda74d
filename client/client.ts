// The client of the HTTP API, typed by its contract: `client.call('showTarget', { path: { searchSpace, id } })`. For
// Node and whatever else has fetch; it reads no environment and keeps no state.
//
// What it does so that callers need not: it sends the token, and an `Idempotency-Key` with every request that creates
// something (a random one unless the caller has one that outlives the process), so that every call is safe to repeat.
// And it does repeat: after no connection, a lost one, no answer in time, 408, 425, 429 and from 500 on, at most
// `attempts` times with random pauses that grow from 1 s to 60 s. `Retry-After` is the least pause; a service that asks
// for more than the longest one (the daily quota) is not waited for. Everything else is final: 4xx, and 2xx that are
// not of the contract. Fields that the contract does not know are left out, so that a service may be newer than its
// clients.
import type { z } from 'zod';
import type { Operation } from '#contract/operation.ts';
import { filledPath, type RouteId, routes } from '#contract/routes.ts';
import { type Answer, exchange } from './exchange.ts';
import { putUpload, type Stored, type UploadPlace } from './put-upload.ts';
import { readReply, refusal } from './reply.ts';
import { defaultRetryRule, patiently, type Retry, type RetryPorts, type RetryRule, sleepFor } from './retry.ts';

/** Those that a client can call: of one function, of several, or all (contract/operations.ts). */
export type CallableOperations = { readonly [Id in RouteId]?: Operation };

type Part<Op, Name extends 'path' | 'body'> = Op extends { readonly [N in Name]: infer Schema extends z.ZodType }
  ? { readonly [N in Name]: z.input<Schema> }
  : unknown;
type Query<Op> = Op extends { readonly query: infer Schema extends z.ZodType }
  ? { readonly query?: z.input<Schema> }
  : unknown;
/** 1 to 200 printable ASCII characters. */
type Key<Op> = Op extends { readonly idempotent: true } ? { readonly idempotencyKey?: string } : unknown;

export type InputOf<Op> = Part<Op, 'path'> & Part<Op, 'body'> & Query<Op> & Key<Op>;
export type ReplyOf<Op> = Op extends { readonly reply: infer Schema extends z.ZodType } ? z.output<Schema> : never;
/** May be left out where nothing has to be said. */
type Arguments<Op> = Record<never, never> extends InputOf<Op> ? [input?: InputOf<Op>] : [input: InputOf<Op>];

export interface Client<Operations extends CallableOperations> {
  /** @throws ApiError with the service's code, status and issues when it refuses; UnreachableError when nobody answers;
   * DomainError `unexpected-reply`; what `signal` was aborted with, or DomainError `cancelled` */
  call<Id extends keyof Operations & RouteId>(
    id: Id,
    ...input: Arguments<Operations[Id]>
  ): Promise<ReplyOf<Operations[Id]>>;
  /** Puts a profile where `registerUpload` said. @throws as `call` */
  putUpload(place: UploadPlace, bytes: Uint8Array): Promise<Stored>;
  /** The same client with another token. */
  as(token: string): Client<Operations>;
}

export interface ClientOptions<Operations extends CallableOperations> {
  /** Address of the service, without a path. */
  readonly api: string;
  readonly operations: Operations;
  readonly token?: string | undefined;
  /** Time limit of one attempt. Default 60,000: API Gateway gives up after 30 s. */
  readonly timeoutMs?: number;
  readonly retry?: RetryRule;
  readonly signal?: AbortSignal | undefined;
  /** Told before each pause. */
  readonly onRetry?: (retry: Retry) => void;
  /** Refuses fields that the contract does not know: for tests of the service. */
  readonly strict?: boolean;
  /** For tests. */
  readonly ports?: Partial<ClientPorts>;
}

export interface ClientPorts {
  readonly fetch: typeof fetch;
  readonly sleep: RetryPorts['sleep'];
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** ms since the epoch, for a `Retry-After` that is a date. */
  readonly now: () => number;
  readonly newKey: () => string;
}

interface AnyInput {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

/** A client of the operations that it is given. Nothing is sent before the first call. */
export function apiClient<Operations extends CallableOperations>(
  options: ClientOptions<Operations>,
): Client<Operations> {
  const ports: ClientPorts = {
    fetch: (...request) => globalThis.fetch(...request),
    sleep: sleepFor,
    random: Math.random,
    now: Date.now,
    newKey: () => crypto.randomUUID(),
    ...options.ports,
  };
  const { signal, timeoutMs = 60_000, onRetry, strict = false } = options;
  const exchanging = { fetch: ports.fetch, timeoutMs, signal };
  const retrying = { ...ports, rule: options.retry ?? defaultRetryRule, signal, onRetry };

  async function call(id: RouteId, input: AnyInput = {}): Promise<unknown> {
    const operation = options.operations[id]!;
    const { method } = routes[id];
    const path = pathOf(id, input);
    const key = operation.idempotent ? (input.idempotencyKey ?? ports.newKey()) : undefined;
    const init: RequestInit = {
      method,
      headers: {
        accept: operation.media ?? 'application/json',
        ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(input.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    };
    const what = `${method} ${path.split('?')[0]}`;
    return patiently(async () => {
      const answer = await exchange(`${options.api.replace(/\/+$/, '')}${path}`, init, exchanging);
      return understand(what, answer, operation);
    }, retrying);
  }

  /** @throws ApiError, UnreachableError, DomainError `unexpected-reply` */
  function understand(what: string, answer: Answer, operation: Operation): unknown {
    const { status, text } = answer;
    if (status >= 200 && status < 300) {
      return operation.media === undefined ? readReply(what, text, operation.reply, strict) : text;
    }
    if (status === operation.otherwise?.status) {
      try {
        return readReply(what, text, operation.reply, strict);
      } catch {
        // API Gateway's own, of the same status.
      }
    }
    throw refusal(what, answer, ports.now());
  }

  return {
    call: ((id: RouteId, input?: AnyInput) => call(id, input)) as Client<Operations>['call'],
    putUpload: (place, bytes) => patiently(() => putUpload(place, bytes, exchanging, ports.now), retrying),
    as: (token) => apiClient({ ...options, token }),
  };
}

/** With its parameters in it, and the query behind it. */
function pathOf(id: RouteId, { path = {}, query = {} }: AnyInput): string {
  const filled = filledPath(id, path);
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? filled : `${filled}?${search}`;
}
