// How a call can fail besides being cancelled: the service refuses, or nobody who is the service answers.
import { DomainError, type ErrorCode, type Issue } from '#core/errors.ts';

export interface ApiErrorFacts {
  readonly status: number;
  /** The code of the problem details; a newer service may have codes that this one does not know. */
  readonly code: ErrorCode;
  readonly issues?: readonly Issue[];
  /** By which the operator finds the request in the logs. */
  readonly requestId?: string | undefined;
  /** What the service asks for, ms. */
  readonly retryAfterMs?: number | undefined;
  /** Default: for 408, 425, 429 and from 500 on. */
  readonly mayPass?: boolean;
}

/** A refusal. The message says which call, the status and the reason; never the token or a signed address. */
export class ApiError extends DomainError {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** The same call may work later. */
  readonly mayPass: boolean;

  constructor(message: string, facts: ApiErrorFacts) {
    super(facts.code, message, { issues: facts.issues ?? [] });
    const { status, requestId, retryAfterMs, mayPass } = facts;
    this.status = status;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.mayPass = mayPass ?? (status === 408 || status === 425 || status === 429 || status >= 500);
  }
}

/** No connection, a lost one, no answer in time, or an answer that is not the service's (a login page of a network in
 * between). Code `unreachable`. */
export class UnreachableError extends DomainError {
  override readonly name = 'UnreachableError';

  constructor(message: string, options: { cause?: unknown } = {}) {
    super('unreachable', message, options);
  }
}

/** Whether any other call would fail now too: nobody is there, or the quota is used up. */
export function concernsEveryCall(error: unknown): error is ApiError | UnreachableError {
  return error instanceof UnreachableError || (error instanceof ApiError && error.status === 429);
}
