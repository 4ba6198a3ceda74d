// Asks a Lambda authorizer (payload format 2.0, simple responses) whether a request may pass, and reuses its answer for
// the same identity as long as the template says: half of what a token's record is trusted for. Where a template says
// nothing API Gateway keeps answers for five minutes.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
import type { InvocationResult } from '../lambda/invocation.ts';
import type { AuthorizerPlan } from '../template/plan-api.ts';
import { type ApiRequest, commonEvent, type EventContext } from './proxy-event.ts';

export type AuthorizerVerdict =
  | { readonly allowed: true; readonly context: Record<string, unknown> }
  | { readonly allowed: false; readonly status: 401 | 403 | 500 };

/** Answers are dropped beyond this many, the oldest first. */
const cacheLimit = 10_000;

export class Authorizer {
  readonly #plan: AuthorizerPlan;
  readonly #invoke: (event: string) => Promise<InvocationResult>;
  readonly #now: () => number;
  readonly #cache = new Map<string, { readonly verdict: AuthorizerVerdict; readonly untilMs: number }>();

  constructor(
    plan: AuthorizerPlan,
    invoke: (event: string) => Promise<InvocationResult>,
    now = () => performance.now(),
  ) {
    this.#plan = plan;
    this.#invoke = invoke;
    this.#now = now;
  }

  async check(request: ApiRequest, context: EventContext): Promise<AuthorizerVerdict> {
    const identity = this.#plan.identitySources.map((source) => identityOf(source, request, context));
    // Without its identity a request is refused before the authorizer is asked.
    if (identity.some((value) => !value)) return { allowed: false, status: 401 };
    const key = JSON.stringify(identity);
    const cached = this.#cache.get(key);
    if (cached && cached.untilMs > this.#now()) return cached.verdict;

    const verdict = await this.#ask(request, context, identity as string[]);
    // Failures of the authorizer itself are not kept.
    if (this.#plan.cacheS > 0 && (verdict.allowed || verdict.status !== 500)) {
      this.#cache.delete(key);
      this.#cache.set(key, { verdict, untilMs: this.#now() + this.#plan.cacheS * 1000 });
      if (this.#cache.size > cacheLimit) this.#cache.delete(this.#cache.keys().next().value!);
    }
    return verdict;
  }

  async #ask(request: ApiRequest, context: EventContext, identitySource: string[]): Promise<AuthorizerVerdict> {
    const event = {
      ...commonEvent(request, context),
      type: 'REQUEST',
      routeArn: `arn:aws:execute-api:local:${context.accountId}:${context.apiId}/$default/${context.routeKey.replace(' ', '')}`,
      identitySource: identitySource.length > 0 ? identitySource : null,
    };
    const result = await this.#invoke(JSON.stringify(event));
    if (result.failed) return { allowed: false, status: 500 };
    const answer = JSON.parse(result.payload) as { isAuthorized?: unknown; context?: Record<string, unknown> } | null;
    if (typeof answer?.isAuthorized !== 'boolean') return { allowed: false, status: 500 };
    return answer.isAuthorized ? { allowed: true, context: answer.context ?? {} } : { allowed: false, status: 403 };
  }
}

function identityOf(source: string, request: ApiRequest, context: EventContext): string | undefined {
  const [, kind, name = ''] = /^\$(request\.header|request\.querystring|context)\.(.+)$/.exec(source) ?? [];
  switch (kind) {
    case 'request.header':
      return request.headers[name.toLowerCase()];
    case 'request.querystring':
      return request.queryStringParameters?.[name];
    default:
      return name === 'routeKey' ? context.routeKey : undefined;
  }
}
