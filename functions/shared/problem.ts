// Errors as they go over the wire: problem details (RFC 9457) with our own members code, issues and requestId. Below
// 500 the caller learns what to change; from 500 on only the code and the request id leave the service.

import type { Problem } from '#contract/problem.ts';
import { refusalStatuses } from '#contract/refusals.ts';
import { DomainError, type ErrorCode, type Issue } from '#core/errors.ts';

const statuses: Partial<Record<ErrorCode, number>> = refusalStatuses;

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'The bearer token is missing or not valid',
  403: 'The token is of a role that may not do this',
  404: 'Not found',
  409: 'In conflict with the current state',
  413: 'The request is too large',
  415: 'The encoding is not supported',
  422: 'The request cannot be carried out',
  429: 'Too much for one day',
  500: 'Internal error',
  503: 'Not ready yet; try again later',
  507: 'The disk of the service is full; try again later',
};

/** The problem details of an error: of a DomainError below 500 with message and issues, else code and request id
 * only. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = error instanceof DomainError ? error : undefined;
  const status = (known && statuses[known.code]) ?? 500;
  const code = known?.code ?? 'internal';
  const common = { type: `urn:sugarbush:problem:${code}`, title: titles[status]!, status, code };
  if (status >= 500 || !known) return { ...common, requestId };
  return { ...common, detail: clipped(known.message), issues: issuesOf(known), requestId };
}

/** Issues of one answer, and characters of one text in it. */
const namedIssues = 20;
const longestText = 500;

/** Where on the wire stands what the domain knows as an argument. */
const wirePaths: Readonly<Record<string, string>> = {
  idempotencyKey: 'headers/idempotency-key',
  token: 'headers/authorization',
};

/** Every refusal has at least one issue, so that a client reads one place only. */
function issuesOf({ issues, message }: DomainError): Issue[] {
  if (issues.length === 0) return [{ path: '', message: clipped(message) }];
  return issues.slice(0, namedIssues).map(({ path, message: said }) => ({
    path: clipped(wirePaths[path] ?? path),
    message: clipped(said),
  }));
}

/** A text that may hold what a caller sent: no more of it than a reader takes in. */
function clipped(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}… (${text.length} characters)`;
}
