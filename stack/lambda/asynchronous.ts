// Asynchronous invocations: a failed try is repeated after a pause, and an event that failed every time goes to the
// function's failure destination. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AsynchronousPlan, FunctionPlan } from '../template/plan-functions.ts';
import type { InvocationResult } from './invocation.ts';

export interface AsynchronousTarget {
  readonly plan: FunctionPlan;
  /** Waits for a free sandbox where the concurrency is used up, as Lambda's queue does. */
  invoke(event: string, options: { requestId: string; waitForCapacity: true }): Promise<InvocationResult>;
}

/** What Lambda writes of an event that could not be processed. */
export interface FailureRecord {
  readonly version: '1.0';
  readonly timestamp: string;
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: 'RetriesExhausted';
    readonly approximateInvokeCount: number;
  };
  readonly requestPayload: unknown;
  readonly responseContext: {
    readonly statusCode: 200;
    readonly executedVersion: '$LATEST';
    readonly functionError: 'Unhandled';
  };
  readonly responsePayload: unknown;
}

export interface AsynchronousOptions {
  /** Milliseconds before each retry; Lambda waits one minute, then two. The last value repeats. */
  readonly retryDelaysMs: readonly number[];
  /** Ends the pauses when the stack closes; the event then counts as not delivered. */
  readonly signal: AbortSignal;
  /** Takes an event that failed every time. */
  sendFailure(destinationArn: string, functionName: string, record: FailureRecord): Promise<void>;
}

/**
 * Resolves once the event is processed, or is with the failure destination, or is given up for want of one.
 * @throws when the stack closes first
 */
export async function invokeAsynchronously(
  target: AsynchronousTarget,
  event: unknown,
  options: AsynchronousOptions,
): Promise<void> {
  const { retries, onFailureArn }: AsynchronousPlan = target.plan.asynchronous;
  const requestId = randomUUID();
  const payload = JSON.stringify(event);
  let last: InvocationResult | undefined;
  for (let tried = 0; tried <= retries; tried++) {
    if (tried > 0) {
      const delayMs = options.retryDelaysMs[tried - 1] ?? options.retryDelaysMs.at(-1) ?? 0;
      await sleep(delayMs, undefined, { signal: options.signal });
    }
    options.signal.throwIfAborted();
    last = await target.invoke(payload, { requestId, waitForCapacity: true });
    if (!last.failed) return;
    // A process that the closing stack ended has not failed: the event is told again after the next start.
    options.signal.throwIfAborted();
  }
  if (onFailureArn === undefined) return;
  await options.sendFailure(onFailureArn, target.plan.name, {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId,
      functionArn: `${target.plan.arn}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: retries + 1,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: last && JSON.parse(last.payload),
  });
}
