// Error against the number of measurements of a new target: what one more measurement buys.
import type { Mark, Spec } from 'vega';
import type { EvaluatedModel, Score } from '#core/predictors/card.ts';
import { type Figure, figure, legend, section } from './figure.ts';
import { type Html, html } from './html.ts';
import { type Metric, meanOf, reportedMetrics } from './metrics.ts';
import { folded, table } from './table.ts';
import type { ReportView } from './view.ts';

type Selection = Score['selection'];

interface Series {
  readonly model: EvaluatedModel;
  readonly selection: Selection;
  readonly label: string;
  readonly swatch: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly scores: readonly Score[];
}

/** Single targets that are drawn beside the mean: the first, which are the worst. */
const mostFaint = 40;
/** Errors below this, on a logarithmic axis, are drawn at it. */
const leastError = 0.001;

/** Accuracy by number of measurements; undefined with fewer than two numbers. */
export async function learningSection(view: ReportView): Promise<Html | undefined> {
  const series = seriesOf(view);
  const counts = [...new Set(series.flatMap((s) => s.scores.map((r) => r.measurements)))].toSorted((a, b) => a - b);
  if (counts.length < 2) return undefined;
  const own = series.find((s) => s.model === 'candidate');
  const order = view.targets.map((t) => t.id);
  return section(
    'learning',
    'What more measurements buy',
    html`<p>Means over the devices${own && view.targets.length > 1 ? '; the faint lines are single targets' : ''}.</p>`,
    legend(series.map(({ label, swatch }) => ({ label, swatch }))),
    html`<div class="pair">${[
      await figure(curveFigure(series, counts, reportedMetrics.medianApe, own, order)),
      await figure(curveFigure(series, counts, reportedMetrics.within10, own, order)),
    ]}</div>`,
    folded('Means by number of measurements', meansTable(series, counts)),
  );
}

function seriesOf(view: ReportView): Series[] {
  const first = view.selection;
  const second: Selection = first === 'chosen' ? 'random' : 'chosen';
  const words: Record<Selection, string> = {
    chosen: 'architectures it chose',
    random: 'architectures drawn at random',
  };
  const all: Omit<Series, 'scores'>[] = [
    {
      model: 'candidate',
      selection: first,
      label: `this predictor, ${words[first]}`,
      swatch: 'candidate line',
      colour: 'var(--candidate)',
      dash: [],
    },
    {
      model: 'candidate',
      selection: second,
      label: `this predictor, ${words[second]}`,
      swatch: 'candidate dashed',
      colour: 'var(--candidate)',
      dash: [5, 4],
    },
    {
      model: 'champion',
      selection: first,
      label: 'champion',
      swatch: 'champion line',
      colour: 'var(--champion)',
      dash: [],
    },
    {
      model: 'ridge',
      selection: first,
      label: 'ridge regression on the same measurements alone',
      swatch: 'ridge dashed',
      colour: 'var(--ridge)',
      dash: [2, 3],
    },
  ];
  return all
    .map((s) => ({ ...s, scores: view.scores.filter((r) => r.model === s.model && r.selection === s.selection) }))
    .filter((s) => s.scores.length > 0);
}

const meanAt = (series: Series, measurements: number, metric: Metric): number | null =>
  meanOf(
    series.scores.filter((s) => s.measurements === measurements),
    metric.key,
  );

function curveFigure(
  all: readonly Series[],
  counts: readonly number[],
  metric: Metric,
  own: Series | undefined,
  order: readonly string[],
): Figure {
  const isError = metric.better === 'lower';
  const place = (value: number | null) => (value === null ? null : isError ? Math.max(value, leastError) : value);
  const line = (s: Series) =>
    counts.map((k) => ({ k, value: place(meanAt(s, k, metric)) })).filter((v) => v.value !== null);
  const evaluated = new Set(own?.scores.map((s) => s.target));
  const targets = order.filter((id) => evaluated.has(id));
  const faint =
    targets.length < 2
      ? []
      : targets.slice(0, mostFaint).map((target) => targetLine(own!.scores, target, metric, place));
  const values = [...all.map(line), ...faint].flat().map((v) => v.value!);
  const domain = isError ? [Math.min(...values) * 0.9, Math.max(...values) * 1.1] : [0, 1];
  const spec: Spec = {
    width: 420,
    height: 250,
    padding: { left: 58, right: 16, top: 8, bottom: 44 },
    data: [
      ...faint.map((points, i) => ({ name: `target${i}`, values: points })),
      ...all.map((s, i) => ({ name: `series${i}`, values: line(s) })),
    ],
    scales: [
      { name: 'x', type: 'symlog', constant: 1, range: 'width', domain: [counts[0]!, counts.at(-1)!], zero: false },
      { name: 'y', type: isError ? 'log' : 'linear', range: 'height', domain, zero: false },
    ],
    axes: [
      { scale: 'x', orient: 'bottom', values: [...counts], format: 'd', title: 'measurements of the target' },
      {
        scale: 'y',
        orient: 'left',
        format: isError ? '~%' : '.0%',
        grid: true,
        title: isError ? 'median error (logarithmic)' : 'share within ±10 %',
        titleX: -48,
        ...(isError ? { values: errorTicks(domain) } : { tickCount: 5 }),
      },
    ],
    marks: [
      ...faint.map((_, i) => lineMark(`target${i}`, 'var(--candidate)', [], 1, 0.3)),
      ...all.toReversed().flatMap((s) => {
        const name = `series${all.indexOf(s)}`;
        return [lineMark(name, s.colour, s.dash, 2.2, 1), dotMark(name, s.colour)];
      }),
    ],
  };
  return {
    id: `learning-${metric.key}`,
    title: isError ? 'Median error' : 'Within ±10 %',
    description: `${metric.name} against the number of measurements. ${all.map((s) => `${s.label}: ${counts.map((k) => `${metric.write(meanAt(s, k, metric))} at ${k}`).join(', ')}`).join('. ')}.`,
    spec,
  };
}

const targetLine = (
  scores: readonly Score[],
  target: string,
  metric: Metric,
  place: (value: number | null) => number | null,
): { k: number; value: number | null }[] =>
  scores
    .filter((s) => s.target === target && s[metric.key] !== null)
    .toSorted((a, b) => a.measurements - b.measurements)
    .map((s) => ({ k: s.measurements, value: place(s[metric.key]) }));

/** 1, 2 and 5 % a decade. */
const errorTicks = ([low, high]: number[]): number[] =>
  [-3, -2, -1, 0, 1, 2]
    .flatMap((e) => [1, 2, 5].map((m) => Number(`${m}e${e}`)))
    .filter((v) => v >= low! && v <= high!);

const position = { x: { scale: 'x', field: 'k' }, y: { scale: 'y', field: 'value' } } as const;

const lineMark = (data: string, colour: string, dash: readonly number[], width: number, opacity: number): Mark => ({
  type: 'line',
  from: { data },
  encode: {
    enter: {
      ...position,
      stroke: { value: colour },
      strokeWidth: { value: width },
      strokeDash: { value: [...dash] },
      strokeOpacity: { value: opacity },
    },
  },
});

const dotMark = (data: string, colour: string): Mark => ({
  type: 'symbol',
  from: { data },
  encode: { enter: { ...position, size: { value: 28 }, fill: { value: colour } } },
});

function meansTable(series: readonly Series[], counts: readonly number[]): Html {
  const rows = series
    .flatMap((s) => counts.map((k) => ({ s, k })))
    .filter(({ s, k }) => meanAt(s, k, reportedMetrics.within10) !== null);
  const shown = [
    reportedMetrics.medianApe,
    reportedMetrics.within5,
    reportedMetrics.within10,
    reportedMetrics.spearman,
    reportedMetrics.coverage90,
  ];
  return table(
    'Means over the devices',
    [
      { title: 'Model', text: true, cell: ({ s }) => s.label },
      { title: 'Measurements', cell: ({ k }) => k },
      ...shown.map((metric) => ({
        title: metric.name,
        cell: ({ s, k }: (typeof rows)[number]) => metric.write(meanAt(s, k, metric)),
      })),
    ],
    rows,
  );
}
