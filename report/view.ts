// The input as the sections need it: the scores that are shown, by model and target, and the targets worst first.
import type { Coverage, EvaluatedModel, HeldOutPredictions, Score } from '#core/predictors/card.ts';
import type { ReportedCard, ReportInput } from '#core/predictors/report-input.ts';
import { plural } from './format.ts';

export type DrawnPredictions = HeldOutPredictions[number];

export interface TargetRow {
  readonly id: string;
  readonly device: string | undefined;
  readonly candidate: Score | undefined;
  readonly champion: Score | undefined;
  /** With at least one prediction. */
  readonly predictions: DrawnPredictions | undefined;
}

export interface ReportView {
  readonly card: ReportedCard;
  /** All scores, of every number of measurements. */
  readonly scores: readonly Score[];
  readonly coverage: readonly Coverage[];
  /** Worst first: by the share within ±10 %, those without a score last. */
  readonly targets: readonly TargetRow[];
  readonly selection: Score['selection'];
  /** Scores of a model under the shown number of measurements and selection. */
  shownScores(model: EvaluatedModel): readonly Score[];
  /** `after 10 chosen measurements` */
  readonly shownText: string;
}

/** What the sections draw, from card and predictions: the scores that are shown, by target, worst first. */
export function viewOf({ card, predictions }: ReportInput): ReportView {
  const { scores = [], coverage = [], shown = { measurements: 10, selection: 'chosen' } } = card.evaluation ?? {};
  const { measurements, selection } = shown;
  const byModel = Map.groupBy(
    scores.filter((s) => s.measurements === measurements && s.selection === selection),
    (s) => s.model,
  );
  const byTarget = (model: EvaluatedModel) => new Map(byModel.get(model)?.map((s) => [s.target, s]));
  const [candidates, champions] = [byTarget('candidate'), byTarget('champion')];
  const predicted = new Map(predictions.filter((p) => p.measuredMs.length > 0).map((p) => [p.target, p]));
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
    shownScores: (model) => byModel.get(model) ?? [],
    shownText: `after ${plural(measurements, `${selection} measurement`)}`,
  };
}

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
