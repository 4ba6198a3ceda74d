// Every target's rank correlation and shares within ±5 % and ±10 %, the candidate beside the champion.
import type { Mark, Spec } from 'vega';
import { ink } from './chart.ts';
import { type Figure, figure, legend, section } from './figure.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { type Metric, meanOf, reportedMetrics, verdict } from './metrics.ts';
import { rowAxis, rowHeight, rowLabels, rowsDrawn, rowsNote } from './rows.ts';
import { folded, table } from './table.ts';
import type { ReportView, TargetRow } from './view.ts';

const drawnMetrics = [reportedMetrics.spearman, reportedMetrics.within5, reportedMetrics.within10];
const tableMetrics = [
  ...drawnMetrics,
  reportedMetrics.spearmanTrimmed,
  reportedMetrics.medianApe,
  reportedMetrics.coverage90,
];

/** Candidate, champion and ridge regression target by target; undefined where nothing was evaluated. */
export async function comparisonSection(view: ReportView): Promise<Html | undefined> {
  const rows = view.targets.filter((t) => t.candidate !== undefined);
  if (rows.length === 0) return undefined;
  const compared = rows.some((r) => r.champion !== undefined);
  const figures: Html[] = [];
  for (const [i, metric] of drawnMetrics.entries()) figures.push(await figure(dotFigure(view, rows, metric, i === 0)));
  return section(
    'targets',
    compared ? 'Target by target, against the champion' : 'Target by target',
    html`<p>${rows.length === 1 ? 'The one target' : 'Every target'} as the predictor does ${view.shownText}, worst first.${compared ? '' : ' There was no champion to compare with.'}</p>`,
    compared ? comparedLegend : undefined,
    html`<div class="dots">${figures}</div>`,
    scoreTable(view, rows, compared),
    deviceTable(view, rows),
  );
}

const comparedLegend = legend([
  { label: 'this predictor', swatch: 'candidate' },
  { label: 'champion', swatch: 'champion' },
]);

function dotFigure(view: ReportView, rows: readonly TargetRow[], metric: Metric, labels: boolean): Figure {
  const drawn = rowsDrawn(rows);
  const values = drawn.map((row) => ({
    id: row.id,
    candidate: row.candidate?.[metric.key] ?? null,
    champion: row.champion?.[metric.key] ?? null,
  }));
  const present = values.flatMap((v) => [v.candidate, v.champion]).filter((v) => v !== null);
  // From a round tenth below the lowest value to the best that there is.
  const least = Math.max(Math.min(Math.floor(Math.min(...present, 0.89) * 10) / 10, 0.8), -1);
  const height = rowHeight(drawn.length) * drawn.length;
  const left = labels ? rowLabels : 14;
  const compared = values.some((v) => v.champion !== null);
  const summary = drawn
    .slice(0, 8)
    .map((row) => `${row.id} ${metric.write(row.candidate?.[metric.key])}`)
    .join(', ');
  const spec: Spec = {
    width: 250,
    height,
    padding: { left, right: 16, top: 8, bottom: 28 },
    data: [
      { name: 'candidate', values: values.filter((v) => v.candidate !== null) },
      { name: 'champion', values: values.filter((v) => v.champion !== null) },
      { name: 'both', values: values.filter((v) => v.champion !== null && v.candidate !== null) },
    ],
    scales: [
      { name: 'x', type: 'linear', range: 'width', domain: [least, 1], zero: false },
      { name: 'y', type: 'band', range: 'height', domain: drawn.map((r) => r.id) },
    ],
    axes: [
      { scale: 'x', orient: 'bottom', format: metric.key === 'spearman' ? '.2~f' : '.0%', tickCount: 5, grid: true },
      labels ? rowAxis : { ...rowAxis, labels: false },
    ],
    marks: [
      differenceMark,
      dotMark('champion', 'var(--paper)', 'var(--champion)'),
      dotMark('candidate', 'var(--candidate)', 'var(--candidate)'),
    ],
  };
  return {
    id: `targets-${metric.key}`,
    title: metric.name,
    note: labels ? rowsNote(rows).replace(/^; /, '') || undefined : undefined,
    description: `${metric.name} of each target ${view.shownText}${compared ? ', with the champion beside it' : ''}: ${summary}${drawn.length > 8 ? ' and more, all in the table below' : ''}.`,
    spec,
  };
}

const differenceMark: Mark = {
  type: 'rule',
  from: { data: 'both' },
  encode: {
    enter: {
      x: { scale: 'x', field: 'champion' },
      x2: { scale: 'x', field: 'candidate' },
      y: { scale: 'y', field: 'id', band: 0.5 },
      stroke: { value: ink },
      strokeOpacity: { value: 0.35 },
      strokeWidth: { value: 2 },
    },
  },
};

const dotMark = (model: 'candidate' | 'champion', fill: string, stroke: string): Mark => ({
  type: 'symbol',
  from: { data: model },
  encode: {
    enter: {
      x: { scale: 'x', field: model },
      y: { scale: 'y', field: 'id', band: 0.5 },
      size: { value: model === 'candidate' ? 80 : 90 },
      fill: { value: fill },
      stroke: { value: stroke },
      strokeWidth: { value: 2 },
    },
  },
});

function scoreTable(view: ReportView, rows: readonly TargetRow[], compared: boolean): Html {
  return table(
    `Accuracy of each target ${view.shownText}${compared ? '; small: difference to the champion' : ''}`,
    [
      { title: 'Target', text: true, cell: (row: TargetRow) => row.id },
      ...tableMetrics.map((metric) => ({
        title: metric.name,
        cell: (row: TargetRow) => compareCell(metric, row.candidate?.[metric.key], row.champion?.[metric.key]),
      })),
    ],
    rows,
  );
}

function compareCell(metric: Metric, own: number | null | undefined, other: number | null | undefined): HtmlValue {
  if (typeof own !== 'number' || typeof other !== 'number') return metric.write(own);
  return html`${metric.write(own)} <small class="${verdict(metric, own - other)}">${metric.writeDifference(own - other)}</small>`;
}

/** Means over each device's targets; absent where every device has one. */
function deviceTable(view: ReportView, rows: readonly TargetRow[]): Html | undefined {
  const scores = rows.map((row) => row.candidate!);
  const order = [...new Set(scores.map((s) => s.device))];
  if (order.length === scores.length) return undefined;
  const own = Map.groupBy(scores, (s) => s.device);
  const others = Map.groupBy(
    rows.flatMap((row) => row.champion ?? []),
    (s) => s.device,
  );
  return folded(
    'The same by device',
    table(
      `Means over the targets of each device ${view.shownText}`,
      [
        { title: 'Device', text: true, cell: (device) => device },
        { title: 'Targets', cell: (device) => own.get(device)!.length },
        ...tableMetrics.map((metric) => ({
          title: metric.name,
          cell: (device: string) =>
            compareCell(metric, meanOf(own.get(device)!, metric.key), meanOf(others.get(device) ?? [], metric.key)),
        })),
      ],
      order,
    ),
  );
}
