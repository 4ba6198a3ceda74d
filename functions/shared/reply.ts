// Replies as API Gateway wants them: JSON, compressed where the caller takes it and it is worth it.
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Problem } from '#contract/problem.ts';

export type Reply = APIGatewayProxyStructuredResultV2;

/** Below this compressing saves no packet worth speaking of. */
const leastCompressedBytes = 4096;
const compress = promisify(gzip);

/** A reply with a JSON body that nobody may cache. */
export function jsonReply(statusCode: number, value: unknown): Reply {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { statusCode, headers, body: JSON.stringify(value) };
}

/** A reply of 200 with a page that nobody may cache. */
export function htmlReply(body: string): Reply {
  return {
    statusCode: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body,
  };
}

/** A reply with problem details, and the headers that belong to its status. */
export function problemReply(problem: Problem): Reply {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer realm="sugarbush"';
  if (problem.status === 503) headers['retry-after'] = '2';
  if (problem.status === 507) headers['retry-after'] = '30';
  if (problem.status === 429) headers['retry-after'] = String(secondsLeftOfDay(Date.now()));
  return { statusCode: problem.status, headers, body: JSON.stringify(problem) };
}

/** Quotas are of a day in UTC. At least 1. */
export function secondsLeftOfDay(nowMs: number): number {
  return 86_400 - (Math.floor(nowMs / 1000) % 86_400);
}

/** Fastest level: numbers shrink to less than half, and the slower levels gain little more. */
export async function compressed(reply: Reply, acceptEncoding: string | undefined): Promise<Reply> {
  const { body = '' } = reply;
  if (body.length < leastCompressedBytes || !acceptsGzip(acceptEncoding)) return reply;
  const bytes = await compress(body, { level: constants.Z_BEST_SPEED });
  return {
    ...reply,
    headers: { ...reply.headers, 'content-encoding': 'gzip', vary: 'accept-encoding' },
    body: bytes.toString('base64'),
    isBase64Encoded: true,
  };
}

/** RFC 9110, 12.5.3, as far as clients use it: gzip or *, not with q=0. */
function acceptsGzip(header = ''): boolean {
  return header.split(',').some((part) => {
    const [coding, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    return (coding === 'gzip' || coding === '*') && !parameters.some((p) => /^q=0(\.0*)?$/.test(p));
  });
}
