// The input as the sections need it: the scores that are shown, by model and target, and the targets worst first.
import type { ReportInput, ReportModel, ReportPredictions, ReportScore } from '../report-input.ts';

export interface TargetRow {
  readonly id: string;
  readonly architectures: number;
  readonly candidate: ReportScore | undefined;
  readonly champion: ReportScore | undefined;
  readonly predictions: ReportPredictions | undefined;
}

export interface ReportView {
  readonly input: ReportInput;
  /** Worst first: by the share within ±10 %, those without a score last. */
  readonly targets: readonly TargetRow[];
  /** Scores of a model under the shown number of measurements and selection. */
  shownScores(model: ReportModel): readonly ReportScore[];
  /** `after 10 chosen measurements` */
  readonly shownText: string;
}

export function viewOf(input: ReportInput): ReportView {
  const { measurements, selection } = input.shown;
  const shown = input.scores.filter((s) => s.measurements === measurements && s.selection === selection);
  const byModel = Map.groupBy(shown, (s) => s.model);
  const byTarget = (model: ReportModel) => new Map(byModel.get(model)?.map((s) => [s.target, s]));
  const [candidates, champions] = [byTarget('candidate'), byTarget('champion')];
  const predictions = new Map(input.predictions.map((p) => [p.target, p]));
  const targets = input.targets.map(({ id, architectures }) => ({
    id,
    architectures,
    candidate: candidates.get(id),
    champion: champions.get(id),
    predictions: predictions.get(id),
  }));
  const goodness = (row: TargetRow) => row.candidate?.within10 ?? Number.POSITIVE_INFINITY;
  return {
    input,
    targets: targets.toSorted((a, b) => compare(goodness(a), goodness(b)) || compare(a.id, b.id)),
    shownScores: (model) => byModel.get(model) ?? [],
    shownText: measurementsText(measurements, selection),
  };
}

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

const measurementsText = (count: number, selection: 'random' | 'chosen'): string =>
  count === 0 ? 'before any measurement' : `after ${count} ${selection} measurement${count === 1 ? '' : 's'}`;
