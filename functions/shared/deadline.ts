// A call that ends in time, whatever is called. What does not end by itself is told to stop, and not waited for.

/** Nobody answered in time. Training tasks are tried again by its name. */
export class DeadlineError extends Error {
  override readonly name = 'TimeoutError';
}

/** The outcome of `call`, where there is one within `ms` milliseconds.
 * @param what is called, for the message
 * @param call gets a signal that is aborted when the time is over
 * @throws DeadlineError when the time is over; what `call` throws before */
export async function withinDeadline<T>(
  what: string,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new DeadlineError(`${what}: no answer within ${ms} ms`);
    reject(error);
    controller.abort(error);
  }, ms);
  try {
    return await Promise.race([call(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
