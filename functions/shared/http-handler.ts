// The stack every HTTP function shares: who may call, parsing of path, query and body, the reply, errors as problems,
// one log line a request. A function states its routes; what arrives at `handle` is parsed and typed.
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { z } from 'zod';
import type { Caller, Role } from '#core/access/token.ts';
import { DomainError } from '#core/errors.ts';
import { requireCaller } from './caller.ts';
import { problemOf } from './problem.ts';
import { compressed, htmlReply, jsonReply, problemReply, type Reply } from './reply.ts';
import { decodeJsonBody } from './request-body.ts';
import { logger, metrics } from './telemetry.ts';

/** What a route takes. `roles` left out: anyone, without a token. */
export interface Route<Path, Query, Body> {
  readonly roles?: readonly Role[];
  readonly path?: z.ZodType<Path>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly handle: (request: HttpRequest<Path, Query, Body>) => Promise<RouteReply>;
}

export interface HttpRequest<Path, Query, Body> {
  readonly caller: Caller | undefined;
  /** Of the header Idempotency-Key. */
  readonly idempotencyKey: string | undefined;
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
}

export interface RouteReply {
  readonly status: number;
  /** JSON, or with `html` the text of a page. */
  readonly value: unknown;
  readonly html?: true;
}

/** Types a route from its schemas. */
export function route<Path = undefined, Query = undefined, Body = undefined>(
  definition: Route<Path, Query, Body>,
): Route<unknown, unknown, unknown> {
  return definition as Route<unknown, unknown, unknown>;
}

export const ok = (value: unknown): RouteReply => ({ status: 200, value });
export const page = (value: string): RouteReply => ({ status: 200, value, html: true });
export const created = (value: unknown): RouteReply => ({ status: 201, value });

type HttpEvent = APIGatewayProxyEventV2 & { parsed?: HttpRequest<unknown, unknown, unknown> };
export type HttpHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<Reply>;

/** @param routes by API Gateway's route key, such as `GET /v1/targets` */
export function httpHandler(routes: Readonly<Record<string, Route<unknown, unknown, unknown>>>): HttpHandler {
  const handlers = new Map(Object.entries(routes).map(([key, definition]) => [key, stack(definition)]));
  const unrouted = stack({
    handle: () => Promise.reject(new DomainError('not-found', 'there is no such route')),
  });
  return (event, context) => (handlers.get(event.routeKey) ?? unrouted)(event, context);
}

/** middy runs `before` in the order of use, `after` and `onError` in reverse. */
function stack(definition: Route<unknown, unknown, unknown>): HttpHandler {
  return middy<HttpEvent, Reply>()
    .use(requestLog())
    .use(compression())
    .use(problems())
    .use(parsing(definition))
    .handler(async ({ parsed }) => {
      const { status, value, html } = await definition.handle(parsed!);
      return html ? htmlReply(value as string) : jsonReply(status, value);
    }) as HttpHandler;
}

/** Printable ASCII, as the IETF draft has it (draft-ietf-httpapi-idempotency-key-header), without its quotes. */
const idempotencyHeaderSchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 printable ASCII characters without spaces')
    .optional(),
});

type Middleware = MiddlewareObj<HttpEvent, Reply>;

function parsing({ roles, path, query, body }: Route<unknown, unknown, unknown>): Middleware {
  return {
    before: async ({ event }) => {
      const caller = roles && requireCaller(authorizerContext(event), roles);
      event.parsed = {
        caller,
        idempotencyKey: parse('headers', idempotencyHeaderSchema, event.headers)['idempotency-key'],
        path: path && parse('path', path, event.pathParameters ?? {}),
        query: query && parse('query', query, event.queryStringParameters ?? {}),
        body: body && parse('body', body, await decodeJsonBody(event)),
      };
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
      tokenId: event.parsed?.caller?.tokenId,
    };
    count(event.routeKey, fields.durationMs, status);
    if (!error) logger.info('request', fields);
    else if (status < 500) logger.info('refused', { ...fields, code: error instanceof DomainError && error.code });
    else logger.error('failed', { ...fields, error });
  };
  return {
    before: ({ event }) => {
      started.set(event, performance.now());
    },
    after: line,
    onError: line,
  };
}

/** Refusals and errors are counted with 0 too, so that their averages are rates. */
function count(route: string, durationMs: number, status: number): void {
  metrics.addDimension('Route', route);
  metrics.addMetric('DurationMs', MetricUnit.Milliseconds, durationMs);
  metrics.addMetric('Refusals', MetricUnit.Count, status >= 400 && status < 500 ? 1 : 0);
  metrics.addMetric('Errors', MetricUnit.Count, status >= 500 ? 1 : 0);
  metrics.publishStoredMetrics();
}

function authorizerContext(event: HttpEvent): unknown {
  return (event.requestContext as { authorizer?: { lambda?: unknown } }).authorizer?.lambda;
}
