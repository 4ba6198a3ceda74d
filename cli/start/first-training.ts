// Training in front of a person: a run of the training state machine, started and watched over the API.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, InputOf, ReplyOf } from '#client/client.ts';
import { ApiError } from '#client/errors.ts';
import type { predictorOperations } from '#contract/predictors.ts';
import type { trainingRunOperations } from '#contract/training-runs.ts';
import { StackError } from '#stack/stack-error.ts';

export type TrainingClient = Client<typeof trainingRunOperations & typeof predictorOperations>;
export type RunReply = ReplyOf<typeof trainingRunOperations.showTrainingRun>;

export interface FirstTrainingOptions {
  /** With an operator's token. */
  readonly client: TrainingClient;
  /** Training steps of each fit; undefined: as many as the predictor wants. */
  readonly steps: number | undefined;
  readonly signal: AbortSignal;
  /** @param share of the run that is done, 0 to 1, and the step it is in */
  readonly onProgress: (share: number, step: string) => void;
}

/** Held-out devices in two groups, one draw of measurements: a first start is waited for. The runs that the schedule
 * starts hold out one device at a time. */
const settings = { folds: 2, repeats: 1 };
const lookEveryMs = 500;

/** @returns what is worth saying about it
 * @throws StackError with the run's reason when it failed or was stopped */
export async function firstTraining(options: FirstTrainingOptions): Promise<string> {
  const { client, steps, signal, onProgress } = options;
  let view = await startRun(client, { ...settings, ...(steps !== undefined && { steps }) });
  while (view.run.status === 'running') {
    onProgress(shareOf(view), stepOf(view));
    await sleep(lookEveryMs, undefined, { signal });
    view = await client.call('showTrainingRun', { path: { id: view.run.runId } });
  }
  const { status, failedStep, failureReason, decision } = view.run;
  if (status === 'promoted') return `trained: ${decision?.reasons[0]}`;
  if (status !== 'failed' && status !== 'stopped') {
    return `the run was ${status}, and the predictor in use stays (${decision?.reasons[0] ?? failureReason})`;
  }
  const where = failedStep === undefined ? '' : ` in step ${failedStep}`;
  throw new StackError(`training: the run ${status}${where}: ${failureReason ?? 'no reason given'}`);
}

/** A run that is under way already is that run. */
async function startRun(client: TrainingClient, body: InputOf<typeof trainingRunOperations.startTrainingRun>['body']) {
  try {
    return await client.call('startTrainingRun', { body });
  } catch (error) {
    const paths = error instanceof ApiError && error.code === 'conflict' ? error.issues.map(({ path }) => path) : [];
    const id = paths.find((path) => path.startsWith('runs/'))?.slice('runs/'.length);
    if (id === undefined) throw error;
    return client.call('showTrainingRun', { path: { id } });
  }
}

type Step = RunReply['steps'][number]['step'];

/** How much of a first run each step is, roughly: as measured on two cores. */
const weights: Partial<Record<Step, number>> = { freeze: 0.04, fit: 0.62, evaluate: 0.2, adapt: 0.1, report: 0.04 };

/** How much of the whole run is done, 0 to 1. */
export function shareOf({ steps }: RunReply): number {
  return steps.reduce((sum, { step, status, share = 0 }) => {
    const done = status === 'done' ? 1 : status === 'running' ? share : 0;
    return sum + (weights[step] ?? 0) * done;
  }, 0);
}

/** The step under way; between two steps, the next one. */
function stepOf({ steps }: RunReply): string {
  const next = steps.find(({ status }) => status === 'running') ?? steps.find(({ status }) => status === 'waiting');
  return (next ?? steps.at(-1)!).step;
}
