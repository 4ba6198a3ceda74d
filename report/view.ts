// The input as the sections need it: the scores that are shown, by model and target, and the targets worst first. A
// target that was tested with several workloads is shown as so many: a row is a target with one workload.
import type { Coverage, EvaluatedModel, HeldOutPredictions, Score } from '#core/predictors/card.ts';
import type { ReportedCard, ReportInput } from '#core/predictors/report-input.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import { plural } from './format.ts';

export type DrawnPredictions = HeldOutPredictions[number];

export interface TargetRow {
  /** The target's, with what was run on it where the report is of several workloads. */
  readonly id: string;
  readonly device: string | undefined;
  readonly candidate: Score | undefined;
  readonly champion: Score | undefined;
  /** With at least one prediction. */
  readonly predictions: DrawnPredictions | undefined;
}

export interface ReportView {
  readonly card: ReportedCard;
  /** All scores, of every number of measurements; `target` is the row's id, here and in `coverage`. */
  readonly scores: readonly Score[];
  readonly coverage: readonly Coverage[];
  /** Worst first: by the share within ±10 %, those without a score last. */
  readonly targets: readonly TargetRow[];
  readonly selection: Score['selection'];
  /** What all scores are of, by search space and batch size. */
  readonly workloads: readonly ReportedWorkload[];
  /** Scores of a model under the shown number of measurements and selection. */
  shownScores(model: EvaluatedModel): readonly Score[];
  /** `after 10 chosen measurements` */
  readonly shownText: string;
}

/** What the sections draw, from card and predictions: the scores that are shown, by target, worst first. */
export function viewOf({ card, predictions }: ReportInput): ReportView {
  const { shown = { measurements: 10, selection: 'chosen' } } = card.evaluation ?? {};
  const workloads = workloadsOf([...(card.evaluation?.scores ?? []), ...predictions]);
  const named = <T extends Workload & { readonly target: string }>(items: readonly T[]): T[] =>
    items.map((item) => ({ ...item, target: rowId(item, workloads) }));
  const [scores, coverage] = [named(card.evaluation?.scores ?? []), named(card.evaluation?.coverage ?? [])];
  const { measurements, selection } = shown;
  const byModel = Map.groupBy(
    scores.filter((s) => s.measurements === measurements && s.selection === selection),
    (s) => s.model,
  );
  const byTarget = (model: EvaluatedModel) => new Map(byModel.get(model)?.map((s) => [s.target, s]));
  const [candidates, champions] = [byTarget('candidate'), byTarget('champion')];
  const predicted = new Map(
    named(predictions)
      .filter((p) => p.measuredMs.length > 0)
      .map((p) => [p.target, p]),
  );
  const devices = new Map(scores.map((s) => [s.target, s.device]));
  const ids = new Set([...devices.keys(), ...predicted.keys(), ...coverage.map((c) => c.target)]);
  const targets = [...ids].map((id) => ({
    id,
    device: devices.get(id),
    candidate: candidates.get(id),
    champion: champions.get(id),
    predictions: predicted.get(id),
  }));
  const goodness = (row: TargetRow) => row.candidate?.within10 ?? Number.POSITIVE_INFINITY;
  return {
    card,
    scores,
    coverage,
    targets: targets.toSorted((a, b) => compare(goodness(a), goodness(b)) || compare(a.id, b.id)),
    selection,
    workloads,
    shownScores: (model) => byModel.get(model) ?? [],
    shownText: `after ${plural(measurements, `${selection} measurement`)}`,
  };
}

export interface ReportedWorkload extends Workload {
  readonly key: string;
  /** As short as tells it from the others: `ofa ×32`, `fbnet 192 px ×1`. */
  readonly name: string;
}

function workloadsOf(items: readonly Workload[]): ReportedWorkload[] {
  const byKey = new Map(items.map((item) => [workloadKey(item), item]));
  const sizes = Map.groupBy(byKey.values(), ({ searchSpace }) => searchSpace);
  return [...byKey]
    .map(([key, { searchSpace, inputSize, batchSize }]) => {
      const several = new Set(sizes.get(searchSpace)!.map((other) => other.inputSize)).size > 1;
      const size = several && inputSize !== null ? ` ${inputSize} px` : '';
      return { key, searchSpace, inputSize, batchSize, name: `${searchSpace}${size} ×${batchSize}` };
    })
    .toSorted((a, b) => compare(a.searchSpace, b.searchSpace) || a.batchSize - b.batchSize || compare(a.name, b.name));
}

/** What was run comes first: long ids are cut at their end. */
function rowId(item: Workload & { readonly target: string }, workloads: readonly ReportedWorkload[]): string {
  if (workloads.length < 2) return item.target;
  return `${workloads.find(({ key }) => key === workloadKey(item))?.name ?? workloadKey(item)}, ${item.target}`;
}

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
