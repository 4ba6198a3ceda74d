// One evaluation over sets of graphs and search spaces: a predictor of all kernels trained with one seed on everything
// but what is tested, scored on networks that were not measured.
import { existsSync } from 'node:fs';
import { DomainError } from '#core/errors.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import {
  evaluateNetworks,
  type NetworkEvaluationResult,
  networkDrawsOf,
} from '#core/predictor/evaluation/evaluate-networks.ts';
import type { Selection } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { TrainingGroup } from '#core/predictor/fitting/episodes.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { blockCounter } from '#core/predictor/kernels/count-kernels.ts';
import { type KernelTable, kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { searchSpaceIds, searchSpaces } from '#core/search-space/registry.ts';
import { deviceFolds } from './device-folds.ts';
import type { EvaluationProgress, SeedProgress } from './evaluation-progress.ts';
import { type EvaluatedSet, readGraphSet, readNetworkLatencies, readSpaceSet } from './network-sets.ts';

export interface GraphEvaluation {
  readonly graphs: readonly string[];
  readonly data: readonly string[];
  /** undefined: every column but those tested. */
  readonly train: readonly string[] | undefined;
  /** Columns, or what their names match. */
  readonly test: readonly string[] | RegExp;
  readonly excludeFamilies: readonly string[];
  readonly holdFamilies: boolean;
  /** Id of a set; undefined: the first file of graphs. */
  readonly measuredIn: string | undefined;
  readonly testedOn: string | undefined;
  readonly measurements: readonly number[];
  readonly selections: readonly Selection[];
  readonly repeats: number;
  readonly steps: number;
  readonly outlierShare: number;
}

/** A part of an evaluation that one predictor is trained for. */
export interface GraphFold extends GraphEvaluation {
  readonly test: readonly string[];
}

export interface GraphRun {
  readonly measuredIn: string;
  readonly testedOn: string;
  readonly seed: number;
  readonly trainSeconds: number;
  readonly results: readonly NetworkEvaluationResult[];
}

export interface Sets {
  readonly table: KernelTable;
  /** The files of graphs, then the search spaces' shipped tables. */
  readonly sets: readonly EvaluatedSet[];
}

/** For a shipped table as much as training profits from, and the published test rows. */
const mostTrainingRows = 1500;
const mostTestRows = 1000;

/** @throws DomainError `invalid-table`, `invalid-model`; `invalid-usage` for a file of graphs that is not there */
export function readSets({ graphs, data }: Pick<GraphEvaluation, 'graphs' | 'data'>): Sets {
  const missing = graphs.filter((file) => !existsSync(file));
  if (missing.length > 0) throw new DomainError('invalid-usage', `--graphs: no file ${missing.join(', ')}`);
  const table = kernelTable();
  const latencies = readNetworkLatencies(data);
  const counter = blockCounter(table, defaultLowerings);
  const spaces = searchSpaces.flatMap(({ id, shippedTable }) => {
    if (!shippedTable) return [];
    const { trainRows, testRows } = shippedTable;
    const training = Math.min(trainRows.last - trainRows.first + 1, mostTrainingRows);
    const rows = () => [
      ...Array.from({ length: training }, (_, i) => trainRows.first + i),
      ...Array.from({ length: mostTestRows }, (_, i) => testRows.first + i),
    ];
    return [readSpaceSet(id, `data/latency-${id}.csv.gz`, rows, counter)];
  });
  return { table, sets: [...graphs.map((file) => readGraphSet(file, latencies, table)), ...spaces] };
}

/** @throws DomainError `invalid-usage` naming the option, what it asks for and what there is */
export function checkGraphEvaluation({ sets }: Sets, plan: GraphFold): void {
  const ids = sets.map((set) => set.id);
  for (const [option, id] of [
    ['--measured-in', plan.measuredIn],
    ['--tested-on', plan.testedOn],
  ] as const) {
    if (id === undefined || ids.includes(id)) continue;
    throw new DomainError('invalid-usage', `${option}: no set ${id}; there are ${ids.join(', ')}`);
  }
  const { measured, tested } = setsOf({ sets }, plan);
  for (const set of [measured, tested]) {
    const missing = plan.test.filter((id) => !set.columns.has(id));
    if (missing.length === 0) continue;
    const there = [...set.columns.keys()].join(', ');
    throw new DomainError('invalid-usage', `--test: no target ${missing.join(', ')} in ${set.id}; there are ${there}`);
  }
  const families = new Set(sets.flatMap((set) => set.families));
  const unknown = plan.excludeFamilies.filter((family) => !families.has(family));
  if (unknown.length > 0) {
    const message = `--exclude-families: no family ${unknown.join(', ')}; there are ${[...families].sort().join(', ')}`;
    throw new DomainError('invalid-usage', message);
  }
  const both = plan.test.filter((id) => plan.train?.includes(id));
  if (both.length > 0) throw new DomainError('invalid-usage', `${both.join(', ')} in both --train and --test`);
}

function setsOf({ sets }: Pick<Sets, 'sets'>, { measuredIn, testedOn }: GraphEvaluation) {
  const measured = sets.find(({ id }) => id === measuredIn) ?? sets[0]!;
  const tested = sets.find(({ id }) => id === testedOn) ?? measured;
  return { measured, tested };
}

const isSpace = (id: string): boolean => searchSpaceIds.some((space) => space === id);

/** Weights of the groups in training. Graphs are what is asked about, and their kernels are many: they are drawn in
 * more than half of the steps. Chosen by leaving out a fifth of ncnn's boards, and nn-Meter's Adreno 640, with families
 * that were never measured on them. */
const weightOf = ({ id }: EvaluatedSet): number => (isSpace(id) ? 0.25 : 1.2);
const fewestNetworks = 12;

function trainingGroups({ sets }: Sets, plan: GraphFold): TrainingGroup[] {
  const excluded = new Set(plan.excludeFamilies);
  return sets
    .map((set) => {
      const split = searchSpaces.find(({ id }) => id === set.id)?.shippedTable;
      const known = split ? split.train : [...set.columns.keys()];
      const targets = known.filter((id) => !plan.test.includes(id) && (plan.train?.includes(id) ?? true));
      // The published test rows stand last.
      const most = split ? set.names.length - mostTestRows : set.names.length;
      const rows = set.names.flatMap((_, i) =>
        i < most && set.connected[i] && !excluded.has(set.families[i]!) ? [i] : [],
      );
      return {
        id: set.id,
        weight: weightOf(set),
        networks: rows.map((i) => set.rows[i]!),
        families: rows.map((i) => set.families[i]!),
        targets: targets
          .map((id) => ({
            id,
            batch: set.batchSizes.get(id) ?? 1,
            latencyMs: Float64Array.from(rows, (i) => set.columns.get(id)![i]!),
          }))
          .filter(({ latencyMs }) => latencyMs.filter((ms) => !Number.isNaN(ms)).length >= fewestNetworks),
      };
    })
    .filter(({ networks }) => networks.length >= fewestNetworks);
}

const familiesOf = ({ holdFamilies }: GraphEvaluation) => (holdFamilies ? 'held-out' : 'any');

/** Draws of measurements that it scores with each seed. */
export const graphDrawsOf = (plan: GraphFold): number =>
  networkDrawsOf({ ...plan, targets: plan.test, families: familiesOf(plan) });

/** One fold is the plan itself; of several each holds out some devices of the plan's targets, and learns from no column
 * of them. There a target is scored where it has twice as many latencies as the most that are measured.
 * @throws DomainError `invalid-usage` with fewer devices than folds */
export function foldsOfPlan(read: Sets, plan: GraphEvaluation, count: number): GraphFold[] {
  const { measured, tested } = setsOf(read, plan);
  const { test } = plan;
  const wanted = test instanceof RegExp ? [...tested.columns.keys()].filter((id) => test.test(id)) : test;
  if (count === 1) return [{ ...plan, test: wanted }];
  if (wanted.length === 0) {
    const there = [...tested.columns.keys()].join(', ') || 'none; --data has them';
    throw new DomainError('invalid-usage', `--test-matching: no column of ${tested.id} matches; there are ${there}`);
  }
  checkGraphEvaluation(read, { ...plan, test: wanted });
  const fewest = 2 * Math.max(...plan.measurements);
  const excluded = new Set(plan.excludeFamilies);
  const scored = wanted.filter((id) => {
    const latencies = measured.columns.get(id)!;
    const isMeasurable = (i: number): boolean => !Number.isNaN(latencies[i]) && !excluded.has(measured.families[i]!);
    return measured.names.filter((_, i) => isMeasurable(i)).length >= fewest;
  });
  const columns = [...new Set(read.sets.flatMap((set) => [...set.columns.keys()]))];
  const what = `a column of at least ${fewest} latencies, twice the most measurements`;
  return deviceFolds(columns, scored, count, what).map((fold) => ({ ...plan, ...fold }));
}

/** One run of all folds.
 * @param progress is told how far it is */
export async function evaluateGraphs(
  read: Sets,
  folds: readonly GraphFold[],
  seed: number,
  progress: EvaluationProgress,
): Promise<GraphRun> {
  const runs: GraphRun[] = [];
  for (const [fold, plan] of folds.entries()) {
    runs.push(await evaluateFold(read, plan, seed, progress.seed(seed, fold)));
  }
  return {
    ...runs[0]!,
    trainSeconds: runs.reduce((sum, { trainSeconds }) => sum + trainSeconds, 0),
    results: runs.flatMap(({ results }) => results),
  };
}

async function evaluateFold(read: Sets, plan: GraphFold, seed: number, told: SeedProgress): Promise<GraphRun> {
  const started = performance.now();
  const bundle = await fitKernelPredictor({
    data: { lowerings: defaultLowerings, kernels: read.table.kernels, groups: trainingGroups(read, plan) },
    seed,
    steps: plan.steps,
    onStep: told.fitted,
  });
  const trainSeconds = (performance.now() - started) / 1000;
  told.scored(0);
  const predictor = await loadPredictor(bundle);
  const { measured, tested } = setsOf(read, plan);
  const excluded = new Set(plan.excludeFamilies);
  const networks = (set: EvaluatedSet) => ({
    rows: set.rows,
    families: set.families,
    measurable: set.connected.map((is, i) => is && !excluded.has(set.families[i]!)),
  });
  const measuredNetworks = networks(measured);
  // Families out of training are what is scored, where there are any; of a search space the published test rows.
  const scored = (target: string): Float64Array =>
    tested.columns.get(target)!.map((ms, i) => {
      if (excluded.size > 0 && !excluded.has(tested.families[i]!)) return Number.NaN;
      return isSpace(tested.id) && i < tested.names.length - mostTestRows ? Number.NaN : ms;
    });
  const measurable = (target: string): Float64Array =>
    measured.columns
      .get(target)!
      .map((ms, i) => (isSpace(measured.id) && i >= measured.names.length - mostTestRows ? Number.NaN : ms));
  const results = await evaluateNetworks(predictor, {
    kernels: read.table.kernels,
    measured: measuredNetworks,
    tested: tested === measured ? measuredNetworks : networks(tested),
    targets: plan.test.map((id) => ({
      id,
      batch: measured.batchSizes.get(id) ?? 1,
      measuredMs: measurable(id),
      testedMs: scored(id),
    })),
    measurements: plan.measurements,
    selections: plan.selections,
    repeats: plan.repeats,
    seed,
    families: familiesOf(plan),
    outlierShare: plan.outlierShare,
    onProgress: told.scored,
  });
  await predictor.close();
  return { measuredIn: measured.id, testedOn: tested.id, seed, trainSeconds, results };
}
