// How long a call to AWS may take. A function that waits for a silent service until Lambda ends it can say nothing to
// anybody, so every call ends before, with time for further attempts: the limits follow from the function's own.

/** Variable in which the template tells a function its own time limit; Lambda itself tells it to no one. */
const timeoutVariable = 'FUNCTION_TIMEOUT_S';

export interface TimeLimits {
  /** Attempts of one call, the first included. */
  readonly attempts: number;
  /** Until there is a connection. */
  readonly connectMs: number;
  /** One attempt until its answer begins; and, from there, until the answer's end. */
  readonly attemptMs: number;
  /** All attempts of one call with the pauses between them. */
  readonly callMs: number;
}

/** Outside of a function, and in one whose template does not tell: as of one that has half a minute. */
const usualTimeoutS = 30;
/** Shares and upper bounds: at least three attempts at a silent service fit into a call, a call into the function. */
const callShare = 0.7;
const longestCallMs = 30_000;
const longestAttemptMs = 8000;
const longestConnectMs = 2000;

/** The limits of a function that Lambda ends after `functionTimeoutS` seconds. */
export function timeLimits(functionTimeoutS: number = usualTimeoutS): TimeLimits {
  const callMs = Math.min(longestCallMs, functionTimeoutS * 1000 * callShare);
  const attemptMs = Math.min(longestAttemptMs, Math.floor(callMs / 3.5));
  return { attempts: 4, connectMs: Math.min(longestConnectMs, attemptMs), attemptMs, callMs: Math.floor(callMs) };
}

/** The limits that follow from the environment of this process.
 * @throws Error naming the variable, for a value that is no number of seconds */
export function ownTimeLimits(variables: Readonly<Record<string, string | undefined>>): TimeLimits {
  const text = variables[timeoutVariable];
  if (text === undefined) return timeLimits();
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 900) return timeLimits(seconds);
  throw new Error(`${timeoutVariable} is '${text}'; allowed: seconds above 0, up to 900`);
}
