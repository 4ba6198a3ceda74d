// Predicted against measured, one square a target, with the ±10 % band. Points are drawn as one path a colour (a line
// broken after every point, with round ends), which takes twenty bytes a point instead of a hundred and fifty.
import type { Mark, Spec } from 'vega';
import { ink } from './chart.ts';
import { type Figure, figure, legend, section } from './figure.ts';
import { milliseconds, percent, plural, whole } from './format.ts';
import { type Html, html } from './html.ts';
import {
  bandColour,
  bandLegend,
  bandOf,
  errorBands,
  quantileOrNull,
  relativeErrors,
  shareWithin,
} from './relative-errors.ts';
import { folded, table } from './table.ts';
import { thin } from './thin.ts';
import type { ReportView, TargetRow } from './view.ts';

const mostTargets = 12;
/** Points of all squares together; each draws at least its share. */
const mostPoints = 12_000;
const mostPointsATarget = 1500;
const side = 194;

interface Point {
  readonly measured: number;
  readonly predicted: number;
}

/** Predicted against measured latency, a drawing a target; undefined without predictions. */
export async function scatterSection(view: ReportView): Promise<Html | undefined> {
  const withPoints = view.targets.filter((t) => t.predictions !== undefined);
  if (withPoints.length === 0) return undefined;
  const drawn = withPoints.slice(0, mostTargets);
  const limit = Math.min(mostPointsATarget, Math.floor(mostPoints / drawn.length));
  const figures: Html[] = [];
  for (const [index, target] of drawn.entries()) figures.push(await figure(scatterFigure(target, index, limit)));
  const thinned = drawn.some((t) => t.predictions!.measuredMs.length > limit);
  const left =
    withPoints.length > drawn.length ? ` The ${drawn.length} worst of ${withPoints.length} targets are drawn.` : '';
  return section(
    'scatter',
    'Predicted against measured',
    html`<p>Each dot is an architecture the predictor was not given on that target, ${view.shownText}. On the line the prediction is exact; the shaded band is ±10 %.${left}${thinned ? ` Of each target at most ${whole(limit)} dots are drawn, evenly spread over its latencies.` : ''}</p>`,
    legend(bandLegend),
    html`<div class="squares">${figures}</div>`,
    folded('Accuracy by latency, fastest fifth to slowest', fifthsTable(withPoints)),
  );
}

function scatterFigure(target: TargetRow, index: number, limit: number): Figure {
  const points = thin(byLatency(pointsOf(target)), limit);
  const [low, high] = axisRange(points);
  const beyond = points.filter(
    (p) => Math.min(p.measured, p.predicted) < low || Math.max(p.measured, p.predicted) > high,
  );
  const errors = relativeErrors(target.predictions!);
  const within = percent(shareWithin(errors, 0.1));
  const fastest = milliseconds(Math.min(...points.map((p) => p.measured)));
  const slowest = milliseconds(Math.max(...points.map((p) => p.measured)));
  return {
    id: `scatter-${index}`,
    title: target.id,
    note: `${within} within ±10 %${beyond.length === 0 ? '' : `; ${plural(beyond.length, 'dot')} beyond the axes, drawn at the edge`}`,
    description: `Scatter plot of predicted against measured latency on ${target.id}, ${points.length} architectures from ${fastest} to ${slowest}; ${within} of the predictions are within ±10 % of the measurement.`,
    spec: scatterSpec(points, low, high),
  };
}

/** From the least to the greatest latency, but not farther than half as much beyond all but a hundredth at either end:
 * a single measurement gone wrong would leave the others no room. */
function axisRange(points: readonly Point[]): readonly [number, number] {
  const values = points.flatMap((p) => [p.measured, p.predicted]).toSorted((a, b) => a - b);
  return [
    Math.max(values[0]!, quantileOrNull(values, 0.01)! / 1.5),
    Math.min(values.at(-1)!, quantileOrNull(values, 0.99)! * 1.5),
  ];
}

const inside = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const pointsOf = (target: TargetRow): Point[] =>
  target.predictions!.measuredMs.map((measured, i) => ({ measured, predicted: target.predictions!.predictedMs[i]! }));

/** In order of latency, so that thinning keeps the fastest, the slowest and the shape between. */
const byLatency = (points: readonly Point[]): Point[] =>
  points.toSorted((a, b) => a.measured - b.measured || a.predicted - b.predicted);

function scatterSpec(points: readonly Point[], least: number, most: number): Spec {
  const [low, high] = [least * 0.94, most * 1.06];
  const logarithmic = high / low > 8;
  const domain = [low, high];
  const scale = logarithmic ? ({ type: 'log', domain } as const) : ({ type: 'linear', domain, zero: false } as const);
  const ticks = { values: tickValues(low, high, logarithmic), grid: true, format: '~r' };
  return {
    width: side,
    height: side,
    padding: { left: 52, right: 10, top: 6, bottom: 42 },
    data: [
      { name: 'band', values: bandCorners(low, high) },
      ...errorBands.map((band) => ({ name: band, values: brokenLine(points, band, least, most) })),
    ],
    scales: [
      { name: 'x', range: 'width', ...scale },
      { name: 'y', range: 'height', ...scale },
    ],
    axes: [
      { scale: 'x', orient: 'bottom', title: 'measured [ms]', ...ticks },
      { scale: 'y', orient: 'left', title: 'predicted [ms]', titleX: -42, ...ticks },
    ],
    marks: [bandMark, ...errorBands.toReversed().map(pointsMark), identityMark(low, high)],
  };
}

/** Corners of the band 0.9 x ≤ y ≤ 1.1 x inside the square; its sides are straight on both kinds of scale. */
function bandCorners(low: number, high: number): object[] {
  return [low, low / 0.9, high / 1.1, high]
    .toSorted((a, b) => a - b)
    .map((x) => ({ x, under: Math.max(0.9 * x, low), over: Math.min(1.1 * x, high) }));
}

const bandMark: Mark = {
  type: 'area',
  from: { data: 'band' },
  encode: {
    enter: {
      x: { scale: 'x', field: 'x' },
      y: { scale: 'y', field: 'under' },
      y2: { scale: 'y', field: 'over' },
      fill: { value: 'var(--band)' },
    },
  },
};

const brokenLine = (points: readonly Point[], band: string, least: number, most: number): object[] =>
  points
    .filter((p) => bandOf(p.predicted / p.measured - 1) === band)
    .map((p) => ({ measured: inside(p.measured, least, most), predicted: inside(p.predicted, least, most) }))
    .flatMap((p) => [
      { ...p, there: true },
      { ...p, there: false },
    ]);

const pointsMark = (band: (typeof errorBands)[number]): Mark => ({
  type: 'line',
  from: { data: band },
  encode: {
    enter: {
      x: { scale: 'x', field: 'measured' },
      y: { scale: 'y', field: 'predicted' },
      defined: { field: 'there' },
      stroke: { value: bandColour[band] },
      strokeWidth: { value: 2.6 },
      strokeCap: { value: 'round' },
      strokeOpacity: { value: 0.75 },
    },
  },
});

const identityMark = (low: number, high: number): Mark => ({
  type: 'rule',
  encode: {
    enter: {
      x: { scale: 'x', value: low },
      y: { scale: 'y', value: low },
      x2: { scale: 'x', value: high },
      y2: { scale: 'y', value: high },
      stroke: { value: ink },
      strokeWidth: { value: 1 },
      strokeOpacity: { value: 0.55 },
    },
  },
});

/** Round values inside the domain: 1, 2, 5 a decade on a logarithmic scale, else about five even steps. */
function tickValues(low: number, high: number, logarithmic: boolean): number[] {
  const values: number[] = [];
  if (logarithmic) {
    for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; exponent++) {
      values.push(...[1, 2, 5].map((m) => Number(`${m}e${exponent}`)));
    }
  } else {
    const rough = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
    for (let i = Math.ceil(low / step); i * step <= high; i++) values.push(Number((i * step).toPrecision(6)));
  }
  return values.filter((v) => v >= low && v <= high);
}

function fifthsTable(targets: readonly TargetRow[]): Html {
  const rows = targets.map((target) => ({ target, fifths: fifthsOf(target) }));
  const titles = ['fastest fifth', 'second', 'third', 'fourth', 'slowest fifth'];
  return table(
    'Share within ±10 % (and median error), by fifths of the measured latency',
    [
      { title: 'Target', text: true, cell: (row) => row.target.id },
      ...titles.map((title, i) => ({ title, cell: (row: (typeof rows)[number]) => row.fifths[i]! })),
    ],
    rows,
  );
}

function fifthsOf(target: TargetRow): string[] {
  const sorted = byLatency(pointsOf(target));
  return Array.from({ length: 5 }, (_, i) => {
    const part = sorted.slice(Math.round((i * sorted.length) / 5), Math.round(((i + 1) * sorted.length) / 5));
    const errors = part.map((p) => p.predicted / p.measured - 1);
    const sizes = errors.map(Math.abs).toSorted((a, b) => a - b);
    return `${percent(shareWithin(errors, 0.1))} (${percent(quantileOrNull(sizes, 0.5))})`;
  });
}
