// Use case: put the best candidate of a run into the store with its card, promoted or not: whoever wants to know why it
// was refused, or to promote it all the same, finds it. Nobody is served by it yet.

import { createHash } from 'node:crypto';
import type { Store } from '#core/dataset/store.ts';
import { predictorKey } from '#core/service/keys.ts';
import { isPreconditionFailed, readJson, writeJson } from '#core/service/stored-json.ts';
import type { Card } from './card.ts';
import { setChallenger } from './challenger.ts';
import { loadFit } from './evaluate-fold.ts';
import { curveSchema } from './fit-step.ts';
import { fitKey, predictorPartKey, runPredictionsKey, snapshotKey } from './keys.ts';
import { readDecision } from './run-decision.ts';
import { changeRun, type RunRecord, requireRunning, stepChange } from './run-record.ts';
import type { StepContext } from './run-steps.ts';
import { readManifest } from './snapshot.ts';

export async function publishStep({ store, now }: StepContext, runId: string): Promise<{ readonly version: string }> {
  const run = await changeRun(store, runId, now(), (current) => stepChange(current, 'publish', now()));
  const { searchSpace } = run;
  const { fitId } = await readDecision(store, runId);
  const predictor = await loadFit(store, searchSpace, fitId);
  const { version } = predictor.identity;
  await predictor.close();
  const copy = async (file: 'predictor.onnx' | 'predictor.json'): Promise<void> => {
    const { body } = (await store.get(fitKey(searchSpace, fitId, file)))!;
    await putOnce(() => store.put(predictorKey(searchSpace, version, file), body, { ifNoneMatch: '*' }));
  };
  await Promise.all([copy('predictor.onnx'), copy('predictor.json')]);
  const predictions = await store.get(runPredictionsKey(runId));
  if (predictions) {
    const key = predictorPartKey(searchSpace, version, 'predictions.json');
    await putOnce(() => store.put(key, predictions.body, { ifNoneMatch: '*' }));
  }
  const card = await cardOf(store, run, fitId, predictor, now());
  await putOnce(() => writeJson(store, predictorKey(searchSpace, version, 'card.json'), card, { ifNoneMatch: '*' }));
  const published = await changeRun(store, runId, now(), (current) => ({
    ...stepChange(current, 'publish', now(), { finished: true }),
    version,
  }));
  if (published.decision?.outcome === 'promoted') {
    await requireRunning(store, runId);
    await setChallenger(store, searchSpace, version);
  }
  return { version };
}

async function cardOf(
  store: Store,
  { runId, searchSpace, snapshotId, championBefore, createdAt }: RunRecord,
  fitId: string,
  predictor: Awaited<ReturnType<typeof loadFit>>,
  nowMs: number,
): Promise<Card> {
  const { decision, evaluation } = await readDecision(store, runId);
  const manifest = await readManifest(store, searchSpace, snapshotId!);
  const manifestBytes = (await store.get(snapshotKey(searchSpace, snapshotId!, 'manifest.json')))!.body;
  const curve = await readJson(store, fitKey(searchSpace, fitId, 'curve.json'), curveSchema);
  const { version, hash } = predictor.identity;
  const { seed, steps, architectures, targets, dataHash } = predictor.parameters.lineage;
  const devices = new Map(manifest.targets.map(({ id, device }) => [id, device]));
  return {
    searchSpace,
    version,
    hash,
    createdAt: new Date(nowMs).toISOString(),
    training: {
      seed,
      steps,
      trainS: Math.max(0, (nowMs - Date.parse(createdAt)) / 1000),
      architectures,
      targets: targets.map(({ id }) => id),
      dataHash,
    },
    runId,
    snapshot: {
      id: manifest.snapshotId,
      manifestSha256: createHash('sha256').update(manifestBytes).digest('hex'),
      measurementsSha256: manifest.measurements.sha256,
      targets: targets.map(({ id, measurements }) => ({ id, device: devices.get(id)!, measurements })),
    },
    ...(championBefore !== undefined && { champion: { version: championBefore } }),
    evaluation,
    decision,
    learningCurve: curve?.value ?? [],
    limits: limitsOf(evaluation.notEvaluated.length, new Set(devices.values()).size),
  };
}

function limitsOf(notEvaluated: number, devices: number): string[] {
  return [
    `It has learned from ${devices} devices; a target unlike all of them needs more measurements, and the service then says measure-first or out-of-domain.`,
    'It predicts the latency of one inference of the whole batch on an otherwise idle device; load, throttling and other inputs are not in it.',
    ...(notEvaluated > 0 ? [`${notEvaluated} targets had too few measurements to be evaluated on.`] : []),
  ];
}

async function putOnce(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
  }
}
