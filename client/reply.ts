// What an answer means: the reply that the contract promises, or a refusal.
import * as z from 'zod';
import { DomainError, type ErrorCode } from '#core/errors.ts';
import { ApiError, UnreachableError } from './errors.ts';
import type { Answer } from './exchange.ts';
import { retryAfterMs } from './retry.ts';

/** Problem details of others' making too: API Gateway has only a message, what stands between here and it nothing of
 * ours. */
const problemSchema = z.object({
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  message: z.string().optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  requestId: z.string().optional(),
});

const usualCodes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  413: 'body-too-large',
};

/** @param what the call, as in `GET /v1/targets` */
export function refusal(what: string, { status, headers, text }: Answer, now: number): ApiError {
  const problem = problemSchema.safeParse(jsonOrUndefined(text)).data ?? {};
  const said = (problem.detail ?? problem.message ?? problem.title ?? '').slice(0, 500);
  const askedMs = retryAfterMs(headers.get('retry-after'), now);
  return new ApiError(`${what}: ${status}${said === '' ? '' : ` ${said}`}${waitText(askedMs)}`, {
    status,
    code: (problem.code as ErrorCode | undefined) ?? usualCodes[status] ?? 'internal',
    issues: problem.issues ?? [],
    requestId: problem.requestId,
    retryAfterMs: askedMs,
  });
}

function waitText(askedMs = 0): string {
  const minutes = Math.ceil(askedMs / 60_000);
  if (minutes < 2) return '';
  return `; again in ${minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`}`;
}

/** @param strict refuses what the contract does not know. Otherwise, for services newer than this client, unknown
 * fields are left out and a `code` may be one that was added since
 * @throws UnreachableError for what is no JSON: a login page of a network in between is no answer of the service.
 * DomainError `unexpected-reply` for JSON that is not of the schema */
export function readReply<T>(what: string, text: string, schema: z.ZodType<T>, strict: boolean): T {
  const value = jsonOrUndefined(text);
  if (value === undefined) {
    throw new UnreachableError(`${what}: something between here and the service answers, and not in JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.flatMap(inMeantForm);
  const objection = strict ? issues[0] : issues.find((issue) => !isOfNewerService(issue));
  if (objection === undefined) return withoutUnknown(value, issues) as T;
  const where = objection.path.length === 0 ? '' : `${objection.path.join('/')}: `;
  throw new DomainError(
    'unexpected-reply',
    `${what}: the service answered something else: ${where}${objection.message}`,
  );
}

/** Where a reply has one of several forms: what it lacks of the one that it is nearest to. */
function inMeantForm(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const objections = (all: readonly z.core.$ZodIssue[]): number => all.filter((each) => !isOfNewerService(each)).length;
  const forms = issue.errors.map((own) => own.map((each) => ({ ...each, path: [...issue.path, ...each.path] })));
  return forms.length === 0 ? [issue] : forms.reduce((best, own) => (objections(own) < objections(best) ? own : best));
}

/** Codes are only ever added to; whoever reads one shows it. */
function isOfNewerService(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'unrecognized_keys' || (issue.code === 'invalid_value' && issue.path.at(-1) === 'code');
}

function withoutUnknown(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(value);
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    let at = copy as Record<PropertyKey, unknown>;
    for (const step of issue.path) at = at[step] as Record<PropertyKey, unknown>;
    for (const key of issue.keys) delete at[key];
  }
  return copy;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
