// Waits out what may pass: growing, random pauses, or what the service asks for.
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#core/errors.ts';
import { ApiError, UnreachableError } from './errors.ts';

export interface RetryRule {
  /** Attempts at one call, the first included. */
  readonly attempts: number;
  readonly firstPauseMs: number;
  /** No pause is longer, and a service that asks for a longer one is not waited for. */
  readonly longestPauseMs: number;
}

export const defaultRetryRule: RetryRule = { attempts: 6, firstPauseMs: 1000, longestPauseMs: 60_000 };
export const noRetries: RetryRule = { ...defaultRetryRule, attempts: 1 };

/** One more attempt that is to be made. */
export interface Retry {
  readonly error: ApiError | UnreachableError;
  readonly pauseMs: number;
  /** Which attempt comes after the pause, from 2. */
  readonly attempt: number;
  /** How many there are at most. */
  readonly attempts: number;
}

/** A line for people: why it waits, how long, and which attempt comes then. */
export function retryText({ error, pauseMs, attempt, attempts }: Retry): string {
  return `${error.message}; trying again in ${(pauseMs / 1000).toFixed(1)} s (${attempt} of ${attempts})\n`;
}

export interface RetryPorts {
  readonly rule: RetryRule;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: ((retry: Retry) => void) | undefined;
}

/** Waits `ms` milliseconds on the machine's timers. Rejects with an AbortError when `signal` aborts. */
export const sleepFor: RetryPorts['sleep'] = (ms, signal) =>
  sleep(ms, undefined, signal === undefined ? {} : { signal });

/** Exponential pauses with full jitter (Brooker, Exponential Backoff and Jitter, AWS Architecture Blog 2015).
 * @throws what the last attempt threw; DomainError `cancelled` */
export async function patiently<T>(call: () => Promise<T>, ports: RetryPorts): Promise<T> {
  const { attempts, firstPauseMs, longestPauseMs } = ports.rule;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!mayPass(error) || attempt >= attempts) throw error;
      const askedMs = error instanceof ApiError ? error.retryAfterMs : undefined;
      if (askedMs !== undefined && askedMs > longestPauseMs) throw error;
      const most = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
      const pauseMs = Math.max(askedMs ?? 0, ports.random() * most);
      ports.onRetry?.({ error, pauseMs, attempt: attempt + 1, attempts });
      await pause(pauseMs, ports);
    }
  }
}

function mayPass(error: unknown): error is ApiError | UnreachableError {
  return error instanceof UnreachableError || (error instanceof ApiError && error.mayPass);
}

async function pause(ms: number, { sleep, signal }: RetryPorts): Promise<void> {
  try {
    await sleep(ms, signal);
  } catch (cause) {
    throw cancelled(signal, cause);
  }
}

/** What the signal was aborted with, where that is an error of ours. */
export function cancelled(signal: AbortSignal | undefined, cause: unknown): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error && reason.name !== 'AbortError'
    ? reason
    : new DomainError('cancelled', 'stopped', { cause });
}

/** Seconds or a date (RFC 9110, 10.2.3), in ms from `now`; undefined for neither. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
