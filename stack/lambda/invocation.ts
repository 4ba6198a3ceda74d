// One call of a function: what goes in, what comes out, and the words in which Lambda reports failures.

/** Lambda's limit for a synchronous request and for its answer (6 MiB, and 100 bytes more for the answer). */
export const requestLimitBytes = 6 * 1024 * 1024;
export const responseLimitBytes = requestLimitBytes + 100;

export interface InvocationResult {
  readonly requestId: string;
  /** JSON: what the handler returned, or `{errorType, errorMessage, trace}`. */
  readonly payload: string;
  /** The handler threw, or its process was ended. */
  readonly failed: boolean;
}

/** The error Lambda returns as a payload. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** One line of accounting per call, as Lambda's REPORT line. */
export interface InvocationReport {
  readonly functionKey: string;
  readonly requestId: string;
  readonly durationMs: number;
  /** Milliseconds from process start to ready, on the first call of a sandbox. */
  readonly initMs: number | undefined;
  readonly peakMemoryMiB: number;
  readonly status: 'ok' | 'error' | 'timeout' | 'out-of-memory' | 'crash';
}

/** All concurrent executions the function may have are in use: the caller is told at once, as Lambda does. */
export class ThrottledError extends Error {
  override readonly name = 'TooManyRequestsException';
}

/** The event is over Lambda's limit. */
export class RequestTooLargeError extends Error {
  override readonly name = 'RequestTooLargeException';
}
