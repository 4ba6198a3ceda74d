// What every task of the training state machine is built from: the context of its steps, and errors under names that
// the machine retries by. A name tells what to do about an error, never more.
import { DomainError } from '#core/errors.ts';
import type { PhaseContext } from '#core/training/phases/run-phases.ts';
import { AwsServiceError } from '../shared/aws/service-error.ts';
import { readEnvironment } from '../shared/environment.ts';
import { s3Store } from '../shared/s3-store.ts';
import { logger } from '../shared/telemetry.ts';

/** `StoreBusy`: others write the same object. `StoreUnavailable`: the store did not answer. `RunEnded`: nobody wants
 * the result any more. `RunUnderWay`: another run is under way. `TrainingError`: trying again does not help. */
export type TaskErrorName = 'StoreBusy' | 'StoreUnavailable' | 'RunEnded' | 'RunUnderWay' | 'TrainingError';

export class TaskError extends Error {
  override readonly name: TaskErrorName;
  constructor(name: TaskErrorName, message: string, cause: unknown) {
    super(message, { cause });
    this.name = name;
  }
}

export const context: PhaseContext = {
  store: s3Store({ bucket: readEnvironment(process.env).DATA_BUCKET }),
  now: Date.now,
};

export function task<Input, Output>(
  handle: (input: Input, remainingMs: () => number) => Promise<Output>,
): (input: Input, lambda: { getRemainingTimeInMillis(): number }) => Promise<Output | null> {
  return async (input, lambda) => {
    const started = performance.now();
    try {
      const output = await handle(input, () => lambda.getRemainingTimeInMillis());
      logger.info('step', { durationMs: Math.round(performance.now() - started) });
      return output ?? null;
    } catch (error) {
      const { message } = error as Error;
      const name = nameOf(error);
      logger.error('step failed', { name, error: error as Error });
      throw new TaskError(name, message, error);
    }
  };
}

const networkErrors = ['TimeoutError', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'NetworkingError'];

export function nameOf(error: unknown): TaskErrorName {
  if (error instanceof DomainError) {
    if (error.code === 'cancelled') return 'RunEnded';
    if (error.code === 'storage-full') return 'StoreUnavailable';
    if (error.code === 'precondition-failed') return 'StoreBusy';
    if (error.code === 'conflict')
      return error.issues.some(({ path }) => path.startsWith('runs/')) ? 'RunUnderWay' : 'StoreBusy';
    return 'TrainingError';
  }
  if (error instanceof AwsServiceError && error.status !== undefined) {
    const { status } = error;
    if (status >= 500) return 'StoreUnavailable';
    if (status === 409 || status === 412 || status === 429) return 'StoreBusy';
  }
  const { name, code } = error as { name?: string; code?: string };
  return networkErrors.includes(name ?? '') || networkErrors.includes(code ?? '')
    ? 'StoreUnavailable'
    : 'TrainingError';
}
