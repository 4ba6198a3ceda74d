// The event an HTTP API gives a function, payload format 2.0, and what it makes of the function's answer.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayEventRequestContextV2, APIGatewayProxyEventV2 } from 'aws-lambda';

/** A request as the API received it, read once and used for the authorizer and the function. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded, as HTTP APIs pass it on. */
  readonly path: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly queryStringParameters: Readonly<Record<string, string>> | undefined;
  readonly requestId: string;
  readonly sourceIp: string;
  readonly protocol: string;
  readonly receivedMs: number;
}

/** @returns undefined when the path is not well encoded. */
export function readRequest(request: IncomingMessage): ApiRequest | undefined {
  const [encodedPath = '/', ...rest] = (request.url ?? '/').split('?');
  const rawQueryString = rest.join('?');
  let path: string;
  try {
    path = decodeURIComponent(encodedPath);
  } catch {
    return undefined;
  }
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (name !== 'cookie' && values) headers[name] = values.join(',');
  }
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  headers['x-forwarded-for'] = sourceIp;
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-port'] = String(request.socket.localPort ?? '');
  return {
    method: request.method ?? 'GET',
    path,
    rawQueryString,
    headers,
    cookies: (request.headersDistinct['cookie'] ?? []).flatMap((each) => each.split(/;\s*/)).filter(Boolean),
    queryStringParameters: queryParameters(rawQueryString),
    requestId: newRequestId(),
    sourceIp,
    protocol: `HTTP/${request.httpVersion}`,
    receivedMs: Date.now(),
  };
}

/** What a request is found in the logs by. */
export const newRequestId = (): string => randomBytes(11).toString('base64');

/** Repeated parameters are joined by commas. */
function queryParameters(rawQueryString: string): Record<string, string> | undefined {
  if (rawQueryString === '') return undefined;
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    joined[name] = Object.hasOwn(joined, name) ? `${joined[name]},${value}` : value;
  }
  return joined;
}

export interface EventContext {
  readonly apiId: string;
  readonly accountId: string;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** The parts that a function's event and an authorizer's have in common. */
export function commonEvent(request: ApiRequest, { apiId, accountId, routeKey, pathParameters }: EventContext) {
  const host = request.headers['host'] ?? 'localhost';
  const requestContext: APIGatewayEventRequestContextV2 = {
    accountId,
    apiId,
    domainName: host,
    domainPrefix: host.split(/[.:]/)[0] ?? '',
    http: {
      method: request.method,
      path: request.path,
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId: request.requestId,
    routeKey,
    stage: '$default',
    time: clfTime(request.receivedMs),
    timeEpoch: request.receivedMs,
  };
  return {
    version: '2.0',
    routeKey,
    rawPath: request.path,
    rawQueryString: request.rawQueryString,
    ...(request.cookies.length > 0 && { cookies: [...request.cookies] }),
    headers: { ...request.headers },
    ...(request.queryStringParameters && { queryStringParameters: { ...request.queryStringParameters } }),
    requestContext,
    ...(Object.keys(pathParameters).length > 0 && { pathParameters: { ...pathParameters } }),
  };
}

/** @param authorizerContext what the authorizer's answer holds as `context` */
export function proxyEvent(
  request: ApiRequest,
  context: EventContext,
  body: Buffer,
  authorizerContext: Record<string, unknown> | undefined,
): APIGatewayProxyEventV2 {
  const { requestContext, ...common } = commonEvent(request, context);
  const isBase64Encoded = body.length > 0 && !isText(request.headers);
  return {
    ...common,
    requestContext: {
      ...requestContext,
      ...(authorizerContext && { authorizer: { lambda: authorizerContext } }),
    } as APIGatewayEventRequestContextV2,
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

/** Content types whose bodies HTTP APIs pass on as text; all others, and none, arrive in base64. */
function isText(headers: Readonly<Record<string, string>>): boolean {
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') return false;
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || ['application/json', 'application/xml', 'application/javascript'].includes(type);
}

/** `12/Mar/2026:19:03:58 +0000` */
function clfTime(ms: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(new Date(ms).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

export interface ProxyReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/**
 * What the API sends for a function's answer: the answer itself when it has a `statusCode`, else the answer as the body
 * of a 200.
 * @returns undefined when the answer is none that an HTTP API accepts
 */
export function proxyReply(payload: string): ProxyReply | undefined {
  const answer: unknown = JSON.parse(payload);
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) {
    const body = typeof answer === 'string' ? answer : payload;
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: Buffer.from(body) };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = answer as Record<string, unknown>;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  if (body !== undefined && body !== null && typeof body !== 'string') return undefined;
  const named = Object.entries((headers ?? {}) as Record<string, unknown>).map(
    ([name, value]) => [name.toLowerCase(), String(value)] as const,
  );
  const content = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8');
  return {
    statusCode: status,
    headers: {
      ...(content.length > 0 && { 'content-type': 'text/plain;charset=UTF-8' }),
      ...Object.fromEntries(named),
    },
    cookies: Array.isArray(cookies) ? cookies.map(String) : [],
    body: content,
  };
}
