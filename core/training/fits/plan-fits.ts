// Use case: which fits a run needs. For every candidate one fit of all hardware, which is published, and one a fold of
// hardware, which is evaluated on it; and the champion's own folds, as it was trained, unless an earlier run left them.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import { featureSchemaId } from '#core/predictor/bundle.ts';
import { readAliases } from '#core/predictors/aliases.ts';
import { type Card, readCard } from '#core/predictors/card.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { decidedKey, fitKey, runFitKey } from '#core/training/keys.ts';
import type { RunRecord } from '#core/training/runs/run-record.ts';
import { type RunSettings, stepsPerCall } from '#core/training/runs/run-settings.ts';
import { findManifest, type Manifest, readManifest } from '#core/training/snapshot/snapshot.ts';
import { type FitSpec, fitFormatVersion, fitIdOf } from './specification.ts';

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

/** Folds of the hardware that is learned from: one key each, up to `count`; more keys join them in turn, in the order
 * in which they became known, so that a key stays in its fold when others are added. */
export function foldsOf(manifest: Manifest, count: number): Fold[] {
  const learnedFrom = new Set(manifest.targets.filter(({ excluded }) => excluded === null).map(({ device }) => device));
  const folds = Array.from({ length: count }, (): string[] => []);
  let at = 0;
  for (const key of manifest.devices) if (learnedFrom.has(key)) folds[at++ % count]!.push(key);
  return folds.flatMap((hardwareKeys, fold) => (hardwareKeys.length === 0 ? [] : [{ fold, hardwareKeys }]));
}

/** Settings, and everything in this code that gives other fits of the same snapshot: after an upgrade that changes the
 * encoder or the fit there is something new to decide. */
export function settingsId(searchSpace: SearchSpaceId, settings: RunSettings): string {
  const features = featureSchemaId(searchSpaceOf(searchSpace));
  return createHash('sha256')
    .update(JSON.stringify({ settings, features, fitFormatVersion, stepsPerCall }))
    .digest('hex')
    .slice(0, 16);
}

/** The run that decided on the snapshot with these settings before, if any: there is nothing new. */
export async function decidedBefore(store: Store, { searchSpace, snapshotId, settings }: RunRecord): Promise<boolean> {
  return (await store.get(decidedKey(searchSpace, snapshotId!, settingsId(searchSpace, settings)))) !== undefined;
}

/** The same for the same record and champion; writes nothing. */
export async function planOf(store: Store, run: RunRecord, championVersion: string | undefined): Promise<FitPlan> {
  const { searchSpace, settings, snapshotId } = run;
  const manifest = await readManifest(store, searchSpace, snapshotId!);
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
  { searchSpace, settings }: RunRecord,
  manifest: Manifest,
  folds: readonly Fold[],
  championVersion: string | undefined,
): Promise<Specs> {
  const { snapshotId } = manifest;
  const features = featureSchemaId(searchSpaceOf(searchSpace));
  const base = { formatVersion: fitFormatVersion, searchSpace, features, stepsPerCall } as const;
  const candidates = settings.seeds.map((seed) => {
    const own = { ...base, snapshotId, only: null, seed, steps: settings.steps };
    const held = folds.map(({ hardwareKeys }): FitSpec => ({ ...own, heldOut: [...hardwareKeys].sort() }));
    return { seed, all: { ...own, heldOut: [] } satisfies FitSpec, held };
  });
  if (championVersion === undefined) return { candidates, champion: [] };
  const card = await readCard(store, searchSpace, championVersion);
  const champion = card ? await championSpecs(store, card, manifest, folds) : [];
  return { candidates, champion };
}

/** On the snapshot that the champion was trained on; where that is gone, on its targets in the present one. */
async function championSpecs(
  store: Store,
  { searchSpace, training, snapshot }: Card,
  present: Manifest,
  folds: readonly Fold[],
): Promise<FitSpec[]> {
  const kept = await findManifest(store, searchSpace, snapshot.id);
  const own = kept ?? present;
  const known = new Set(own.devices);
  const here = new Set(own.targets.map(({ id }) => id));
  return folds.map(({ hardwareKeys }) => ({
    formatVersion: fitFormatVersion,
    searchSpace,
    snapshotId: own.snapshotId,
    features: featureSchemaId(searchSpaceOf(searchSpace)),
    heldOut: hardwareKeys.filter((key) => known.has(key)).sort(),
    only: kept === undefined ? training.targets.filter((id) => here.has(id)).sort() : null,
    seed: training.seed,
    steps: training.steps,
    stepsPerCall,
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
  const { runId, searchSpace, settings, snapshotId } = run;
  const championBefore =
    run.heldOut === undefined ? (await readAliases(store, searchSpace))?.value.champion : run.championBefore;
  const manifest = await readManifest(store, searchSpace, snapshotId!);
  const folds = foldsOf(manifest, settings.folds);
  if (folds.length < 2) {
    const message =
      `'${searchSpace}' has ${folds.length} device to learn from; training needs two, to be tested on one that ` +
      'it has not seen';
    throw new DomainError('training-failed', message);
  }
  const { candidates, champion } = await specsOf(store, run, manifest, folds, championBefore);
  const specs = [...candidates.flatMap(({ all, held }) => [all, ...held]), ...champion];
  const fitIds: string[] = [];
  let fitSteps = 0;
  for (const [fitId, spec] of new Map(specs.map((spec) => [fitIdOf(spec), spec]))) {
    if (await store.get(fitKey(searchSpace, fitId, 'predictor.json'))) continue;
    await writeJson(store, fitKey(searchSpace, fitId, 'spec.json'), spec);
    await writeJson(store, runFitKey(runId, fitId), { step: 0, steps: spec.steps });
    fitIds.push(fitId);
    fitSteps += spec.steps;
  }
  const hardwareKeys = folds.reduce((sum, fold) => sum + fold.hardwareKeys.length, 0);
  return { championBefore, fitIds, fitSteps, folds: folds.map(({ fold }) => fold), hardwareKeys };
}
