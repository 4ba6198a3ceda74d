// Trains the predictor that comes with the project, with its card and report: the files of data/predictor/.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHash, type PredictorBundle } from '#core/predictor/bundle.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { parseParameters } from '#core/predictor/predictor-parameters.ts';
import { type Card, cardSchema } from '#core/predictors/card.ts';
import { learnedFrom } from '#core/predictors/learned-from.ts';
import { leftInWords, type WorkClock, type WorkPart, workClock } from '#core/statistics/time-left.ts';
import { type CountedGraphs, episodeData } from '#core/training/fits/episode-data.ts';
import { countedGraphs, shippedCollections } from './counted-graphs.ts';
import { evaluateFolds, type FoldsEvaluation, foldCount } from './evaluate-folds.ts';
import { countedSessions } from './fleet-sessions.ts';
import { withCountersOfFleet } from './learn-counters.ts';
import { shippedPool } from './shipped-pool.ts';

export interface TrainShippedOptions {
  readonly seed: number;
  /** Undefined: as many as a predictor wants. */
  readonly steps: number | undefined;
  /** Whether hardware is held out in turn, too, for the card's evaluation and a report. */
  readonly report: boolean;
  /** Written there; made if missing. */
  readonly folder: string;
  readonly createdAt: Date;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** The fit, and then what counters tell, which takes about as long as so many steps of it (on two cores). */
export const trainingWork = (steps: number): readonly WorkPart[] => [
  { kind: 'fit', units: steps },
  { kind: 'counters', units: 40, rough: true },
];

/** @returns the card, as it was written */
export async function trainShipped(options: TrainShippedOptions): Promise<Card> {
  const { seed, steps, folder, createdAt, signal, say } = options;
  say('counting the kernels of the shipped networks …');
  const graphs = [...shippedCollections().map(countedGraphs), countedSessions()];
  const data = episodeData(shippedPool(), defaultLowerings, { heldOut: [], only: null }, graphs);
  const started = performance.now();
  let clock: WorkClock | undefined;
  const curve: { step: number; loss: number }[] = [];
  const fitted = await fitKernelPredictor({
    data,
    seed,
    ...(steps !== undefined && { steps }),
    signal,
    onProgress: ({ step, steps: all, loss }) => {
      curve.push({ step, loss });
      clock ??= workClock(trainingWork(all), () => performance.now() / 1000);
      clock.report(0, step / all);
      say(`step ${step}/${all}: loss ${loss.toFixed(3)}, ${leftInWords(clock.leftS())}`);
    },
  });
  say('learning what counters tell of prices …');
  const bundle = await withCountersOfFleet(fitted);
  const trainS = Math.round((performance.now() - started) / 1000);
  const held = options.report ? await heldOut(options, graphs) : undefined;
  const card = cardOf(bundle, {
    createdAt: createdAt.toISOString(),
    trainS,
    learningCurve: curve,
    ...(held && { evaluation: held.evaluation }),
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'predictor.onnx'), bundle.onnx);
  writeFileSync(join(folder, 'predictor.json'), bundle.json);
  writeFileSync(join(folder, 'card.json'), `${JSON.stringify(card, rounded, 1)}\n`);
  const report = join(folder, 'report.html');
  // One that lies there would be of another predictor.
  rmSync(report, { force: true });
  if (held) {
    const { renderReport } = await import('#report/render-report.ts');
    writeFileSync(report, await renderReport({ card, predictions: held.predictions }));
  }
  return card;
}

/** Numbers in six significant digits. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;

function heldOut(options: TrainShippedOptions, graphs: readonly CountedGraphs[]): Promise<FoldsEvaluation> {
  const folds = Array.from({ length: foldCount }, () => ({ kind: 'fold', units: 1 }));
  const clock = workClock(folds, () => performance.now() / 1000);
  return evaluateFolds({
    ...options,
    pool: shippedPool({ tested: true }),
    graphs,
    onProgress(fold, share) {
      clock.report(fold, share);
      const done = `${Math.round(100 * share)} %`;
      options.say(`hardware held out, ${fold + 1} of ${foldCount}: ${done}, ${leftInWords(clock.leftS())}`);
    },
  });
}

function cardOf(
  bundle: PredictorBundle,
  told: Pick<Card, 'createdAt' | 'learningCurve' | 'evaluation'> & { readonly trainS: number },
): Card {
  const { lineage } = parseParameters(bundle.json);
  const { seed, steps, dataHash } = lineage;
  const { networks, targets } = learnedFrom(lineage);
  const hash = bundleHash(bundle);
  return cardSchema.parse({
    version: hash.slice(0, 16),
    hash,
    createdAt: told.createdAt,
    training: { seed, steps, trainS: told.trainS, networks, targets: targets.map(({ id }) => id), dataHash },
    ...(told.evaluation && { evaluation: told.evaluation }),
    learningCurve: told.learningCurve,
    limits: [
      'It has learned from the measurements that come with the project and from nothing that was measured since.',
      'It predicts the latency of one inference of the whole batch on an otherwise idle device; load, throttling and other inputs are not in it.',
    ],
  });
}
