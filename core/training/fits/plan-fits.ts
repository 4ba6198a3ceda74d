// Use case: which fits a run needs. For every candidate one fit of all hardware, which is published, and one a fold of
// hardware, which is evaluated on it; and the champion's own folds, as it was trained, unless an earlier run left them.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { featureSchemaId } from '#core/predictor/predictor-parameters.ts';
import { readAliases } from '#core/predictors/aliases.ts';
import { type Card, readCard } from '#core/predictors/card.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { decidedKey, fitKey, runFitKey } from '#core/training/keys.ts';
import type { RunRecord } from '#core/training/runs/run-record.ts';
import { type RunSettings, stepsPerReport } from '#core/training/runs/run-settings.ts';
import { type Manifest, readManifest } from '#core/training/snapshot/snapshot.ts';
import { fewestTrainingMeasurements } from '#core/training/snapshot/training-rule.ts';
import { type FitSpec, fitFormatVersion, fitIdOf } from './specification.ts';

/** What fits of this code have in common. */
const base = {
  formatVersion: fitFormatVersion,
  features: featureSchemaId,
  lowerings: [...defaultLowerings],
  stepsPerReport,
} satisfies Partial<FitSpec>;

/** Hardware of one fold; all targets on it are held out together. */
export interface Fold {
  readonly fold: number;
  readonly hardwareKeys: readonly string[];
}

export interface CandidateFits {
  readonly seed: number;
  /** The fit of all hardware. */
  readonly fitId: string;
  /** In the order of the folds. */
  readonly folds: readonly string[];
}

export interface FitPlan {
  readonly folds: readonly Fold[];
  readonly candidates: readonly CandidateFits[];
  readonly champion: { readonly version: string; readonly folds: readonly string[] } | null;
}

/** Folds of the hardware whose architectures are learned from, on which a predictor can be evaluated: one key each, up
 * to `count`; more keys join them in turn, in the order in which they became known, so that a key stays in its fold
 * when others are added. */
export function foldsOf(manifest: Manifest, count: number): Fold[] {
  const learnedFrom = new Set(
    manifest.targets
      .filter(({ excluded, measurements }) => excluded === null && measurements >= fewestTrainingMeasurements)
      .map(({ hardwareKey }) => hardwareKey),
  );
  const folds = Array.from({ length: count }, (): string[] => []);
  let at = 0;
  for (const key of manifest.hardwareKeys) if (learnedFrom.has(key)) folds[at++ % count]!.push(key);
  return folds.flatMap((hardwareKeys, fold) => (hardwareKeys.length === 0 ? [] : [{ fold, hardwareKeys }]));
}

/** Settings, and everything in this code that gives other fits of the same snapshot: after an upgrade that changes the
 * features or the fit there is something new to decide. */
export function settingsId(settings: RunSettings): string {
  return createHash('sha256')
    .update(JSON.stringify({ settings, ...base }))
    .digest('hex')
    .slice(0, 16);
}

/** The run that decided on the snapshot with these settings before, if any: there is nothing new. */
export async function decidedBefore(store: Store, { snapshotId, settings }: RunRecord): Promise<boolean> {
  return (await store.get(decidedKey(snapshotId!, settingsId(settings)))) !== undefined;
}

/** The same for the same record and champion; writes nothing. */
export async function planOf(store: Store, run: RunRecord, championVersion: string | undefined): Promise<FitPlan> {
  const { settings, snapshotId } = run;
  const manifest = await readManifest(store, snapshotId!);
  const folds = foldsOf(manifest, settings.folds);
  const specs = await specsOf(store, run, manifest, folds, championVersion);
  return {
    folds,
    candidates: specs.candidates.map(({ seed, all, held }) => ({
      seed,
      fitId: fitIdOf(all),
      folds: held.map(fitIdOf),
    })),
    champion: championVersion === undefined ? null : { version: championVersion, folds: specs.champion.map(fitIdOf) },
  };
}

interface Specs {
  readonly candidates: readonly { readonly seed: number; readonly all: FitSpec; readonly held: readonly FitSpec[] }[];
  readonly champion: readonly FitSpec[];
}

async function specsOf(
  store: Store,
  { settings, processor }: RunRecord,
  manifest: Manifest,
  folds: readonly Fold[],
  championVersion: string | undefined,
): Promise<Specs> {
  const { snapshotId } = manifest;
  const here = { ...base, ...(processor !== undefined && { processor }) };
  const candidates = settings.seeds.map((seed) => {
    const own = { ...here, snapshotId, only: null, seed, steps: settings.steps };
    const held = folds.map(({ hardwareKeys }): FitSpec => ({ ...own, heldOut: [...hardwareKeys].sort() }));
    return { seed, all: { ...own, heldOut: [] } satisfies FitSpec, held };
  });
  if (championVersion === undefined) return { candidates, champion: [] };
  const card = await readCard(store, championVersion);
  const champion = card ? await championSpecs(store, card, manifest, folds) : [];
  return { candidates, champion: champion.map((spec) => ({ ...spec, ...here })) };
}

/** On the snapshot that the champion was trained on; on the present one, its targets only, where it had none. */
async function championSpecs(
  store: Store,
  { training, snapshot }: Card,
  manifest: Manifest,
  folds: readonly Fold[],
): Promise<FitSpec[]> {
  const own = snapshot === undefined ? manifest : await readManifest(store, snapshot.id);
  const known = new Set(own.hardwareKeys);
  const here = new Set(manifest.targets.map(({ id }) => id));
  const learned = training.targets.filter((id) => here.has(id)).sort();
  return folds.map(({ hardwareKeys }) => ({
    ...base,
    snapshotId: own.snapshotId,
    heldOut: hardwareKeys.filter((key) => known.has(key)).sort(),
    // A champion whose targets go by other names here has learned from no fewer than there are.
    only: snapshot === undefined && learned.length > 0 ? learned : null,
    seed: training.seed,
    steps: training.steps,
  }));
}

export interface PlannedFits {
  readonly championBefore: string | undefined;
  /** Those that are not there yet. */
  readonly fitIds: readonly string[];
  /** Training steps of them all. */
  readonly fitSteps: number;
  readonly folds: readonly number[];
  /** That are learned from and held out. */
  readonly hardwareKeys: number;
}

/** Writes the specifications. The champion is the one of the first planning, also when it is done again.
 * @throws DomainError `training-failed` where there is one hardware: nothing could be evaluated */
export async function planFits(store: Store, run: RunRecord): Promise<PlannedFits> {
  const { runId, settings, snapshotId } = run;
  const championBefore = run.heldOut === undefined ? (await readAliases(store))?.value.champion : run.championBefore;
  const manifest = await readManifest(store, snapshotId!);
  const folds = foldsOf(manifest, settings.folds);
  if (folds.length < 2) {
    const message = `there is ${folds.length} device to learn from; training needs two, to be tested on one that it has not seen`;
    throw new DomainError('training-failed', message);
  }
  const { candidates, champion } = await specsOf(store, run, manifest, folds, championBefore);
  const specs = [...candidates.flatMap(({ all, held }) => [all, ...held]), ...champion];
  const fitIds: string[] = [];
  let fitSteps = 0;
  for (const [fitId, spec] of new Map(specs.map((spec) => [fitIdOf(spec), spec]))) {
    if (await store.get(fitKey(fitId, 'predictor.json'))) continue;
    await writeJson(store, fitKey(fitId, 'spec.json'), spec);
    await writeJson(store, runFitKey(runId, fitId), { step: 0, steps: spec.steps });
    fitIds.push(fitId);
    fitSteps += spec.steps;
  }
  const hardwareKeys = folds.reduce((sum, fold) => sum + fold.hardwareKeys.length, 0);
  return { championBefore, fitIds, fitSteps, folds: folds.map(({ fold }) => fold), hardwareKeys };
}
