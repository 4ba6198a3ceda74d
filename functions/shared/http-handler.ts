// The stack every HTTP function shares: who may call, parsing of path, query and body, the reply, errors as problems,
// one log line a request. Which routes there are, who may call them and what they take and give stands in contract/; a
// function has a handler for each of its own, at which only what is parsed and typed arrives.
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as z from 'zod';
import type { Operation } from '#contract/operation.ts';
import { type RouteId, type Routes, routeKey, routes } from '#contract/routes.ts';
import type { Caller } from '#core/access/token.ts';
import { DomainError } from '#core/errors.ts';
import { requireCaller } from './caller.ts';
import { idsOfBody, idsOfPath, idsOfReply, type LogIds } from './log-ids.ts';
import { countColdStart, putMetrics } from './metrics.ts';
import { problemOf } from './problem.ts';
import { compressed, htmlReply, jsonReply, problemReply, type Reply } from './reply.ts';
import { decodeJsonBody } from './request-body.ts';
import { logger } from './telemetry.ts';

type Parsed<Op, Part extends 'path' | 'query' | 'body'> = Op extends {
  readonly [P in Part]: infer Schema extends z.ZodType;
}
  ? z.output<Schema>
  : undefined;

/** What arrives at a handler: parsed, and typed by its operation. */
export interface HttpRequest<Id extends RouteId, Op> {
  readonly caller: Routes[Id]['access'] extends 'public' ? undefined : Caller;
  /** What the header Idempotency-Key says. */
  readonly idempotencyKey: Op extends { readonly idempotent: true } ? string | undefined : undefined;
  readonly path: Parsed<Op, 'path'>;
  readonly query: Parsed<Op, 'query'>;
  readonly body: Parsed<Op, 'body'>;
}

type ReadonlyDeep<T> = T extends object ? { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> } : T;
type ReplyOf<Op> = Op extends { readonly reply: infer Schema extends z.ZodType }
  ? ReadonlyDeep<z.input<Schema>>
  : never;

/** One for each operation: the compiler sees a forgotten one, and a reply that is not of the contract. */
export type Handlers<Operations> = {
  readonly [Id in keyof Operations & RouteId]: (
    request: HttpRequest<Id, Operations[Id]>,
  ) => Promise<ReplyOf<Operations[Id]>>;
};

interface AnyRequest {
  readonly caller: Caller | undefined;
  readonly idempotencyKey: string | undefined;
  readonly path: unknown;
  readonly query: unknown;
  readonly body: unknown;
}
type AnyHandler = (request: AnyRequest) => Promise<unknown>;

type HttpEvent = APIGatewayProxyEventV2 & { parsed?: AnyRequest; ids?: LogIds };
export interface HttpHandler {
  (event: APIGatewayProxyEventV2, context: Context): Promise<Reply>;
  /** The routes it answers. */
  readonly routeIds: readonly RouteId[];
}

/** @param operations those of the function (contract/) */
export function httpHandler<Operations extends { readonly [Id in RouteId]?: Operation }>(
  operations: Operations,
  handlers: Handlers<Operations>,
): HttpHandler {
  const routeIds = Object.keys(operations) as (keyof Operations & RouteId)[];
  const stacks = new Map<string, ReturnType<typeof stack>>(
    routeIds.map((id) => [routeKey(id), stack(id, operations[id]!, handlers[id] as AnyHandler)]),
  );
  return Object.assign(
    (event: APIGatewayProxyEventV2, context: Context) => (stacks.get(event.routeKey) ?? unrouted)(event, context),
    { routeIds },
  );
}

type Middleware = MiddlewareObj<HttpEvent, Reply>;

/** What a function has left, in ms, when it gives up waiting for its handler and answers 500: for the answer itself. */
const timeoutEarlyInMillis = 500;

/** middy runs `before` in the order of use, `after` and `onError` in reverse. */
const common = () =>
  middy<HttpEvent, Reply>({ timeoutEarlyInMillis }).use(requestLog()).use(compression()).use(problems());

function stack(id: RouteId, operation: Operation, handle: AnyHandler) {
  return common()
    .use(parsing(id, operation))
    .handler(async (event) => {
      const value = await handle(event.parsed!);
      event.ids = { ...event.ids, ...idsOfReply(value) };
      const { status = 200, media, otherwise } = operation;
      return media === 'text/html'
        ? htmlReply(value as string)
        : jsonReply(otherwise?.when(value) ? otherwise.status : status, value);
    }) as (event: APIGatewayProxyEventV2, context: Context) => Promise<Reply>;
}

const unrouted = common().handler(() =>
  Promise.reject(new DomainError('not-found', 'there is no such route')),
) as ReturnType<typeof stack>;

/** Printable ASCII, as the IETF draft has it (draft-ietf-httpapi-idempotency-key-header), without its quotes. */
const idempotencyHeaderSchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 printable ASCII characters without spaces')
    .optional(),
});

function parsing(id: RouteId, { path, query, body, bodyLimits, idempotent }: Operation): Middleware {
  const { access } = routes[id];
  return {
    before: async ({ event }) => {
      event.ids = idsOfPath(id, event.pathParameters);
      const caller = access === 'public' ? undefined : requireCaller(authorizerContext(event), access);
      event.parsed = {
        caller,
        idempotencyKey: idempotent && parse('headers', idempotencyHeaderSchema, event.headers)['idempotency-key'],
        path: path && parse('path', path, event.pathParameters ?? {}),
        query: query && parse('query', query, event.queryStringParameters ?? {}),
        body: body && parse('body', body, await decodeJsonBody(event, bodyLimits)),
      };
      event.ids = { ...event.ids, ...idsOfBody(event.parsed.body) };
    },
  };
}

/** @throws DomainError `invalid-request` with an issue for each thing that the schema refuses */
function parse<T>(part: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('/'), message }));
  const [first] = issues;
  const where = first!.path === '' ? part : `${part}, ${first!.path}`;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new DomainError('invalid-request', `${where}: ${first!.message}${more}`, { issues: issues.slice(0, 20) });
}

function problems(): Middleware {
  return {
    onError: (request) => {
      request.response = problemReply(problemOf(request.error, request.event.requestContext.requestId));
    },
  };
}

function compression(): Middleware {
  const run: Middleware['after'] = async (request) => {
    const { response, event } = request;
    if (response) request.response = await compressed(response, event.headers['accept-encoding']);
  };
  return { after: run, onError: run };
}

function requestLog(): Middleware {
  const started = new WeakMap<object, number>();
  const line: Middleware['after'] = ({ event, context, response, error }) => {
    const status = response?.statusCode ?? 500;
    const fields = {
      route: event.routeKey,
      status,
      durationMs: Math.round(performance.now() - (started.get(event) ?? Number.NaN)),
      requestId: event.requestContext.requestId,
      awsRequestId: context.awsRequestId,
      ...callerIds(event),
      ...event.ids,
    };
    const code = error instanceof DomainError ? error.code : undefined;
    count(event.routeKey, fields.durationMs, status, code);
    if (!error) logger.info('request', fields);
    else if (status < 500) logger.info('refused', { ...fields, code });
    else logger.error('failed', { ...fields, error });
  };
  return {
    before: ({ event }) => {
      countColdStart();
      started.set(event, performance.now());
    },
    after: line,
    onError: line,
  };
}

/** Refusals and errors are counted with 0 too, so that their averages are rates. */
function count(route: string, DurationMs: number, status: number, code: string | undefined): void {
  const Refusals = status >= 400 && status < 500 ? 1 : 0;
  putMetrics('requests', { DurationMs, Refusals, Errors: status >= 500 ? 1 : 0 }, route);
  if (code === 'quota-exceeded') putMetrics('quota', { QuotaRefusals: 1 });
}

/** Who called, also where the request was refused before it was parsed. */
function callerIds(event: HttpEvent): LogIds {
  const { tokenId, deviceId } = (authorizerContext(event) ?? {}) as Partial<Caller>;
  return { tokenId, deviceId };
}

function authorizerContext(event: HttpEvent): unknown {
  return (event.requestContext as { authorizer?: { lambda?: unknown } }).authorizer?.lambda;
}
