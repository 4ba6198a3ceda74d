// What every task of the training state machine is built from: the context of its steps, and errors under names that
// the machine retries by. A name tells what to do about an error, never more.
import { DomainError } from '#core/errors.ts';
import type { PhaseContext } from '#core/training/phases/run-phases.ts';
import { AwsServiceError } from '../shared/aws/service-error.ts';
import { readEnvironment } from '../shared/environment.ts';
import { idsOfStep } from '../shared/log-ids.ts';
import { countColdStart } from '../shared/metrics.ts';
import { s3Store } from '../shared/s3-store.ts';
import { logger } from '../shared/telemetry.ts';

/** `StoreBusy`: others write the same object. `StoreUnavailable`: the store did not answer. `RunEnded`: nobody wants
 * the result any more. `RunUnderWay`: another run is under way. `TrainingError`: trying again does not help. */
export type TaskErrorName = 'StoreBusy' | 'StoreUnavailable' | 'RunEnded' | 'RunUnderWay' | 'TrainingError';

/** By the name of the file; `record-failure` is no step of a run that goes well. */
export type StepName =
  | 'freeze'
  | 'plan'
  | 'fit'
  | 'evaluate'
  | 'decide'
  | 'report'
  | 'publish'
  | 'adapt'
  | 'conclude'
  | 'record-failure';

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

/** What a task is told by Lambda. */
export interface TaskContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** A task under its name in the lines of the log. A run that was stopped, or that another one is in the way of, is no
 * error there: its steps end as they should. */
export function task<Input, Output>(
  step: StepName,
  handle: (input: Input, remainingMs: () => number) => Promise<Output>,
): (input: Input, lambda: TaskContext) => Promise<Output | null> {
  return async (input, lambda) => {
    countColdStart();
    const started = performance.now();
    const fields = () => ({
      step,
      ...idsOfStep(input),
      awsRequestId: lambda.awsRequestId,
      durationMs: Math.round(performance.now() - started),
    });
    try {
      const output = await handle(input, () => lambda.getRemainingTimeInMillis());
      logger.info('step', fields());
      return output ?? null;
    } catch (error) {
      const { message } = error as Error;
      const name = nameOf(error);
      if (name === 'RunEnded' || name === 'RunUnderWay')
        logger.info('step not wanted', { ...fields(), name, reason: message });
      else logger.error('step failed', { ...fields(), name, error: error as Error });
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
