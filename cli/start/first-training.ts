// Training in front of a person: a run of the training state machine, started and watched over the API.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, InputOf, ReplyOf } from '#client/client.ts';
import { ApiError } from '#client/errors.ts';
import type { predictorOperations } from '#contract/predictors.ts';
import type { trainingRunOperations } from '#contract/training-runs.ts';
import type { WorkPart } from '#core/statistics/time-left.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';
import { StackError } from '#stack/stack-error.ts';

export type TrainingClient = Client<typeof trainingRunOperations & typeof predictorOperations>;
export type RunReply = ReplyOf<typeof trainingRunOperations.showTrainingRun>;

export interface FirstTrainingOptions {
  /** With an operator's token. */
  readonly client: TrainingClient;
  /** Training steps of each fit; undefined: as many as the predictor wants. */
  readonly steps: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TrainingProgress) => void;
}

export interface TrainingProgress {
  /** Index in `trainingParts`: the last one that has begun. */
  readonly part: number;
  /** How much of that part is done, 0 to 1. */
  readonly share: number;
  /** The step under way, with how far it is where that is known; between two steps, the next one. */
  readonly doing: string;
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
    onProgress(trainingProgress(view));
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

/** Steps of a first run that take long, in their order. */
const partSteps = ['freeze', 'fit', 'evaluate', 'report', 'adapt'] as const satisfies readonly Step[];
/** What they take in training steps: guessed from the shares that they had of a run of 3,000 with all shipped tables,
 * on two cores. */
const stepsOnce = { freeze: 20, evaluate: 200, report: 100, adapt: 20 } as const;
const stepsATarget = { freeze: 2, evaluate: 20, report: 0, adapt: 10 } as const;

/** What takes long in a first run, for an estimate of the time left.
 * @param steps of each fit; undefined: as many as the predictor wants
 * @param targets that it learns from */
export function trainingParts(steps: number | undefined, targets: number): WorkPart[] {
  const { seeds, steps: stepsOfFit } = runSettingsSchema.parse({ ...(steps !== undefined && { steps }) });
  // For each seed one without each group that is held out, and one of all.
  const fit = seeds.length * (settings.folds + 1) * stepsOfFit;
  return partSteps.map((kind) => {
    const units = kind === 'fit' ? fit : stepsOnce[kind] + stepsATarget[kind] * targets;
    return { kind, unit: 'training step', units, rough: true };
  });
}

/** How far a run is among `trainingParts`. */
export function trainingProgress({ steps }: Pick<RunReply, 'steps'>): TrainingProgress {
  const now = steps.find(({ status }) => status === 'running') ?? steps.find(({ status }) => status === 'waiting');
  const { step, share: far } = now ?? steps.at(-1)!;
  const begun = partSteps.flatMap((name) => steps.filter((each) => each.step === name && each.status !== 'waiting'));
  const { status, share = 0 } = begun.at(-1) ?? { status: 'waiting' };
  return {
    part: Math.max(0, begun.length - 1),
    share: status === 'done' ? 1 : share,
    doing: far === undefined ? step : `${step} ${Math.floor(100 * far)} %`,
  };
}
