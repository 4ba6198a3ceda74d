// How good the predictor is in each search space and at each batch size: means over devices. Absent where there is one.
import type { Score } from '#core/predictors/card.ts';
import { workloadKey } from '#core/search-space/workload.ts';
import { section } from './figure.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { type Metric, meanOf, reportedMetrics, verdict } from './metrics.ts';
import { type Column, table } from './table.ts';
import type { ReportedWorkload, ReportView } from './view.ts';

const shownMetrics = ['spearman', 'within5', 'within10', 'medianApe', 'coverage90'] as const;

interface Row {
  readonly workload: ReportedWorkload;
  readonly own: readonly Score[];
  readonly champion: readonly Score[];
}

/** @returns undefined where fewer than two workloads have a score */
export function searchSpacesSection(view: ReportView): Html | undefined {
  const of = (model: 'candidate' | 'champion', key: string): Score[] =>
    view.shownScores(model).filter((score) => workloadKey(score) === key);
  const rows = view.workloads
    .map((workload): Row => ({ workload, own: of('candidate', workload.key), champion: of('champion', workload.key) }))
    .filter(({ own }) => own.length > 0);
  if (rows.length < 2) return undefined;
  const columns: Column<Row>[] = [
    { title: 'Networks', text: true, cell: ({ workload }) => workload.name },
    { title: 'Devices', cell: ({ own }) => new Set(own.map(({ device }) => device)).size },
    ...shownMetrics.map((key) => ({
      title: reportedMetrics[key].name,
      cell: ({ own, champion }: Row) => compared(reportedMetrics[key], meanOf(own, key), meanOf(champion, key)),
    })),
  ];
  return section(
    'search-spaces',
    'By search space',
    html`<p>Means over devices, ${view.shownText}. ×32: 32 images at once.</p>`,
    table('Accuracy in each search space and at each batch size', columns, rows),
  );
}

function compared(metric: Metric, own: number | null, champion: number | null): HtmlValue {
  if (own === null || champion === null) return metric.write(own);
  return html`${metric.write(own)} <small class="${verdict(metric, own - champion)}">${metric.writeDifference(own - champion)}</small>`;
}
