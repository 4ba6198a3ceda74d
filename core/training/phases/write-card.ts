// Use case: the card of a run's best candidate, complete before anybody can find the candidate:
// training-parts/{runId}/card.json.
import { createHash } from 'node:crypto';
import type { Card } from '#core/predictors/card.ts';
import { learnedFrom } from '#core/predictors/learned-from.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, writeJson } from '#core/store/stored-json.ts';
import { loadFit } from '#core/training/evaluation/evaluate-fold.ts';
import { curveSchema } from '#core/training/fits/continue-fit.ts';
import { fitKey, runCardKey, snapshotKey } from '#core/training/keys.ts';
import { readDecision } from '#core/training/runs/run-decision.ts';
import { changeRun, phaseChange, type RunRecord, requireRunning } from '#core/training/runs/run-record.ts';
import { readManifest } from '#core/training/snapshot/snapshot.ts';
import type { PhaseContext } from './run-phases.ts';

/** Writes the card of the run's chosen fit, before it is published.
 * @throws DomainError `not-found` without a decision; `cancelled` when the run has ended */
export async function writeCard({ store, now }: PhaseContext, runId: string): Promise<void> {
  const run = await requireRunning(store, runId);
  const { fitId } = await readDecision(store, runId);
  const predictor = await loadFit(store, fitId);
  await predictor.close();
  await writeJson(store, runCardKey(runId), await cardOf(store, run, fitId, predictor, now()));
  await changeRun(store, runId, now(), (current) => phaseChange(current, 'decide', now(), { finished: true }));
}

async function cardOf(
  store: Store,
  { runId, snapshotId, championBefore, createdAt }: RunRecord,
  fitId: string,
  predictor: Awaited<ReturnType<typeof loadFit>>,
  nowMs: number,
): Promise<Card> {
  const { decision, evaluation } = await readDecision(store, runId);
  const manifest = await readManifest(store, snapshotId!);
  const manifestBytes = (await store.get(snapshotKey(snapshotId!, 'manifest.json')))!.body;
  const curve = await readJson(store, fitKey(fitId, 'curve.json'), curveSchema);
  const { version, hash } = predictor.identity;
  const { seed, steps, dataHash } = predictor.parameters.lineage;
  const { networks, targets } = learnedFrom(predictor.parameters.lineage);
  const hardwareKeys = new Map(manifest.targets.map(({ id, hardwareKey }) => [id, hardwareKey]));
  return {
    version,
    hash,
    createdAt: new Date(nowMs).toISOString(),
    training: {
      seed,
      steps,
      trainS: Math.max(0, (nowMs - Date.parse(createdAt)) / 1000),
      networks,
      targets: targets.map(({ id }) => id),
      dataHash,
    },
    runId,
    snapshot: {
      id: manifest.snapshotId,
      manifestSha256: createHash('sha256').update(manifestBytes).digest('hex'),
      measurementsSha256: manifest.measurements.sha256,
      targets: targets.map(({ id, measurements }) => ({ id, device: hardwareKeys.get(id)!, measurements })),
    },
    ...(championBefore !== undefined && { champion: { version: championBefore } }),
    evaluation,
    decision,
    learningCurve: curve?.value ?? [],
    limits: limitsOf(evaluation.notEvaluated.length, new Set(hardwareKeys.values()).size),
  };
}

function limitsOf(notEvaluated: number, devices: number): string[] {
  return [
    `It has learned from ${devices} devices; a target unlike all of them needs more measurements, and the service then says measure-first or out-of-domain.`,
    'It predicts the latency of one inference of the whole batch on an otherwise idle device; load, throttling and other inputs are not in it.',
    ...(notEvaluated > 0 ? [`${notEvaluated} targets had too few measurements to be evaluated on.`] : []),
  ];
}
