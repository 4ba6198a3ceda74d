// The HTTP API of the template on one port: routes, authorizers, limits and answers as API Gateway gives them.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Problem } from '#contract/problem.ts';
import { type InvocationResult, RequestTooLargeError, ThrottledError } from '../lambda/invocation.ts';
import { StackError } from '../stack-error.ts';
import type { ApiPlan, RoutePlan } from '../template/plan-api.ts';
import { Authorizer } from './authorize.ts';
import { corsHeaders } from './cors.ts';
import { type EventContext, newRequestId, proxyEvent, proxyReply, readRequest } from './proxy-event.ts';
import { Router } from './routes.ts';

export interface HttpApiOptions {
  readonly plan: ApiPlan;
  readonly accountId: string;
  /** 0: any free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  /** What others call it by. Default: `host`. */
  readonly name?: string;
  /** An HTML page for browsers at `/`, where the template has no route; told the address of the API. */
  readonly homePage?: ((address: string) => string) | undefined;
  invoke(functionArn: string, event: string): Promise<InvocationResult>;
}

/** Bytes of a request's body that API Gateway takes. */
const bodyLimitBytes = 10 * 1024 * 1024;

/** API Gateway's own answers. */
const messages: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #router: Router<RoutePlan>;
  readonly #authorizers = new Map<string, Authorizer>();
  readonly #server: Server;
  readonly #active = new Set<Promise<void>>();
  #address = '';

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#router = new Router(options.plan.routes);
    for (const { authorizer } of options.plan.routes) {
      if (!authorizer || this.#authorizers.has(authorizer.id)) continue;
      const invoke = (event: string): Promise<InvocationResult> => options.invoke(authorizer.functionArn, event);
      this.#authorizers.set(authorizer.id, new Authorizer(authorizer, invoke));
    }
    this.#server = createServer((request, response) => {
      const handled = this.#handle(request, response).catch(() => refuse(response, 500));
      this.#active.add(handled);
      void handled.finally(() => this.#active.delete(handled));
    });
    // Longer than clients keep an idle connection, so that none is closed under a request on its way.
    this.#server.keepAliveTimeout = 75_000;
  }

  /**
   * @returns the address, without a trailing slash
   * @throws StackError when the port is taken
   */
  async start(): Promise<string> {
    const { host, port, name = host } = this.#options;
    this.#server.listen(port, host);
    try {
      await once(this.#server, 'listening');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE')
        throw new StackError(`port ${port} is in use: stop what listens there, or choose another port`);
      throw new StackError(`cannot listen on ${host}:${port} (${code})`, { cause });
    }
    this.#address = `http://${name}:${(this.#server.address() as AddressInfo).port}`;
    return this.#address;
  }

  /** Takes no more requests and lets those under way finish within the time given. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await Promise.allSettled(this.#active);
    this.#server.closeAllConnections();
    await closed;
    clearTimeout(timer);
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = readRequest(incoming);
    if (!request) return refuseAsFunctions(response, 'invalid-request', newRequestId());
    const { plan, accountId } = this.#options;
    response.setHeader('apigw-requestid', request.requestId);
    const cors = plan.cors && corsHeaders(plan.cors, request);
    for (const [name, value] of Object.entries(cors?.headers ?? {})) response.setHeader(name, value);
    if (cors?.preflight) {
      response.writeHead(204).end();
      return;
    }
    const match = this.#router.match(request.method, request.path);
    if (!match) {
      if (this.#showHomePage(request.method, request.path, response)) return;
      return refuseAsFunctions(response, 'not-found', request.requestId);
    }
    const { route, pathParameters } = match;
    const context: EventContext = { apiId: plan.id, accountId, routeKey: route.key, pathParameters };

    const body = await readBody(incoming);
    if (!body) return refuseAsFunctions(response, 'body-too-large', request.requestId);
    let authorizerContext: Record<string, unknown> | undefined;
    if (route.authorizer) {
      const verdict = await this.#authorizers.get(route.authorizer.id)!.check(request, context);
      if (!verdict.allowed) return refuse(response, verdict.status);
      authorizerContext = verdict.context;
    }
    const event = JSON.stringify(proxyEvent(request, context, body, authorizerContext));
    const result = await this.#invokeWithin(route, event);
    if (result === 413) return refuseAsFunctions(response, 'body-too-large', request.requestId);
    if (typeof result === 'number') return refuse(response, result);
    const reply = result.failed ? undefined : proxyReply(result.payload);
    if (!reply) return refuse(response, 500);
    response.writeHead(reply.statusCode, {
      ...reply.headers,
      ...(reply.cookies.length > 0 && { 'set-cookie': [...reply.cookies] }),
      'content-length': reply.body.length,
    });
    response.end(reply.body);
  }

  /** @returns whether it was asked for and answered */
  #showHomePage(method: string, path: string, response: ServerResponse): boolean {
    const { homePage } = this.#options;
    if (homePage === undefined || path !== '/' || (method !== 'GET' && method !== 'HEAD')) return false;
    const body = Buffer.from(homePage(this.#address));
    const type = { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length };
    // Nothing is loaded, and no other page may put this one into a frame.
    const policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    response.writeHead(200, { ...type, 'content-security-policy': policy, 'x-content-type-options': 'nosniff' });
    response.end(method === 'HEAD' ? undefined : body);
    return true;
  }

  /** The function's result, or the status that API Gateway answers instead. */
  async #invokeWithin(route: RoutePlan, event: string): Promise<InvocationResult | number> {
    const { promise: elapsed, resolve } = Promise.withResolvers<503>();
    const timer = setTimeout(() => resolve(503), route.timeoutMs);
    try {
      return await Promise.race([this.#options.invoke(route.functionArn, event), elapsed]);
    } catch (error) {
      if (error instanceof RequestTooLargeError) return 413;
      if (error instanceof ThrottledError) return 503;
      return 500;
    } finally {
      clearTimeout(timer);
    }
  }
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ message: messages[status] ?? 'Error' });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

/** Refusals that differ from API Gateway's, which says no more than `message`: whatever stands in a path, and whatever
 * the size of a body, they have one form here, that of the functions. */
const asFunctions = {
  'invalid-request': {
    title: 'The request is not valid',
    status: 400,
    detail: "the path is not well encoded: two hexadecimal digits follow each '%'",
  },
  'not-found': {
    title: 'Not found',
    status: 404,
    detail: "there is no route of this method and path; a slash divides the path, written as '%2F' too",
  },
  'body-too-large': {
    title: 'The request is too large',
    status: 413,
    detail: 'the body is larger than API Gateway (10 MiB) or Lambda (6 MiB) takes: split the request',
  },
} as const;

/** What of the body is still to come is discarded, so that a client that sends before it reads gets the answer and not
 * a broken connection. */
function refuseAsFunctions(response: ServerResponse, code: keyof typeof asFunctions, requestId: string): void {
  const { title, status, detail } = asFunctions[code];
  const body = JSON.stringify({
    type: `urn:sugarbush:problem:${code}`,
    title,
    status,
    code,
    detail,
    issues: [{ path: '', message: detail }],
    requestId,
  } satisfies Problem);
  const headers = { 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, headers).end(body);
}

/** The whole body, or undefined when it is over the limit (Node discards the rest once that is answered). */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) return Promise.resolve(undefined);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes <= bodyLimitBytes) chunks.push(chunk);
    else {
      request.pause();
      resolve(undefined);
    }
  });
  request.on('end', () => resolve(Buffer.concat(chunks)));
  request.on('error', reject);
  return promise;
}
