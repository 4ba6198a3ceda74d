// How large errors are and on which side: all targets together as a histogram, each target as a strip from its 5th to
// its 95th percentile.
import type { Axis, Mark, Spec } from 'vega';
import { ink } from './chart.ts';
import { type Figure, figure, legend, section } from './figure.ts';
import { percent, signed, whole } from './format.ts';
import { type Html, html } from './html.ts';
import { bandColour, bandLegend, bandOf, quantileOrNull, relativeErrors, shareWithin } from './relative-errors.ts';
import { rowAxis, rowHeight, rowLabels, rowsDrawn, rowsNote } from './rows.ts';
import { folded, table } from './table.ts';
import type { ReportView } from './view.ts';

/** Errors beyond this stand in the outermost bins, and strips end there. */
const farthest = 0.3;
const binWidth = 0.01;

interface TargetErrors {
  readonly id: string;
  readonly sorted: readonly number[];
}

/** How predictions err, over all targets and by target; undefined without predictions. */
export async function errorSection(view: ReportView): Promise<Html | undefined> {
  const targets: TargetErrors[] = view.targets
    .filter((t) => t.predictions !== undefined)
    .map((t) => ({ id: t.id, sorted: relativeErrors(t.predictions!).toSorted((a, b) => a - b) }));
  if (targets.length === 0) return undefined;
  return section(
    'errors',
    'Error distribution',
    html`<p>Prediction over measurement less one: to the left of zero the predictor promises too little time, to the right too much.</p>`,
    legend(bandLegend),
    html`<div class="pair">${[await figure(histogram(targets)), await figure(strips(targets))]}</div>`,
    folded('Percentiles of the error', percentileTable(targets)),
  );
}

function histogram(targets: readonly TargetErrors[]): Figure {
  const errors = targets.flatMap((t) => t.sorted);
  const bins = Math.round((2 * farthest) / binWidth);
  const counts = new Array<number>(bins).fill(0);
  for (const error of errors) {
    counts[Math.min(Math.max(Math.floor((error + farthest) / binWidth + 1e-9), 0), bins - 1)]! += 1;
  }
  const values = counts.map((count, i) => {
    const from = (i - bins / 2) * binWidth;
    return { from, to: from + binWidth, share: count / errors.length, colour: bandColour[bandOf(from + binWidth / 2)] };
  });
  const within = percent(shareWithin(errors, 0.1));
  return {
    id: 'error-histogram',
    title: 'All targets together',
    note: `${whole(errors.length)} predictions, ${within} within ±10 %`,
    description: `Histogram of the relative error of ${errors.length} predictions in bins of one percent; ${within} are within ±10 %, ${percent(shareWithin(errors, 0.05))} within ±5 %.`,
    spec: {
      width: 430,
      height: 240,
      padding: { left: 56, right: 24, top: 8, bottom: 44 },
      data: [{ name: 'bins', values }],
      scales: [
        { name: 'x', type: 'linear', range: 'width', domain: [-farthest, farthest] },
        { name: 'y', type: 'linear', range: 'height', domain: [0, Math.max(...values.map((v) => v.share)) * 1.05] },
      ],
      axes: [
        { ...errorAxis, title: 'relative error (the outermost bars hold everything beyond)' },
        {
          scale: 'y',
          orient: 'left',
          title: 'share of predictions',
          titleX: -46,
          format: '.0%',
          tickCount: 5,
          grid: true,
        },
      ],
      marks: [
        {
          type: 'rect',
          from: { data: 'bins' },
          encode: {
            enter: {
              x: { scale: 'x', field: 'from', offset: 0.5 },
              x2: { scale: 'x', field: 'to', offset: -0.5 },
              y: { scale: 'y', field: 'share' },
              y2: { scale: 'y', value: 0 },
              fill: { field: 'colour' },
            },
          },
        },
        zeroMark,
      ],
    },
  };
}

const errorAxis: Axis = {
  scale: 'x',
  orient: 'bottom',
  values: [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3],
  encode: { labels: { update: { text: { signal: "datum.value === 0 ? '0%' : format(datum.value, '+.0%')" } } } },
};

const zeroMark: Mark = {
  type: 'rule',
  encode: {
    enter: {
      x: { scale: 'x', value: 0 },
      y: { value: 0 },
      y2: { signal: 'height' },
      stroke: { value: ink },
      strokeOpacity: { value: 0.55 },
    },
  },
};

function strips(targets: readonly TargetErrors[]): Figure {
  const drawn = rowsDrawn(targets);
  const clamp = (value: number | null): number => Math.min(Math.max(value ?? 0, -farthest), farthest);
  const values = drawn.map(({ id, sorted }) => ({
    id,
    p5: clamp(quantileOrNull(sorted, 0.05)),
    p25: clamp(quantileOrNull(sorted, 0.25)),
    p50: clamp(quantileOrNull(sorted, 0.5)),
    p75: clamp(quantileOrNull(sorted, 0.75)),
    p95: clamp(quantileOrNull(sorted, 0.95)),
  }));
  const height = rowHeight(drawn.length) * drawn.length;
  const spec: Spec = {
    width: 330,
    height,
    padding: { left: rowLabels, right: 24, top: 8, bottom: 44 },
    data: [{ name: 'targets', values }],
    scales: [
      { name: 'x', type: 'linear', range: 'width', domain: [-farthest, farthest] },
      { name: 'y', type: 'band', range: 'height', domain: drawn.map((t) => t.id) },
    ],
    axes: [{ ...errorAxis, title: 'relative error', grid: true }, rowAxis],
    marks: [
      {
        type: 'rect',
        encode: {
          enter: {
            x: { scale: 'x', value: -0.1 },
            x2: { scale: 'x', value: 0.1 },
            y: { value: 0 },
            y2: { value: height },
            fill: { value: 'var(--band)' },
          },
        },
      },
      span('p5', 'p95', 2),
      span('p25', 'p75', 9),
      {
        type: 'symbol',
        from: { data: 'targets' },
        encode: {
          enter: {
            x: { scale: 'x', field: 'p50' },
            y: { scale: 'y', field: 'id', band: 0.5 },
            size: { value: 46 },
            fill: { value: 'var(--paper)' },
            stroke: { value: ink },
            strokeWidth: { value: 1.5 },
          },
        },
      },
      zeroMark,
    ],
  };
  return {
    id: 'error-strips',
    title: 'Each target',
    note: `dot: median, thick: middle half, thin: 5th to 95th percentile${rowsNote(targets)}`,
    description: `For each target the middle half and the 5th to 95th percentile of the relative error, against the band of ±10 %. The numbers are in the table below.`,
    spec,
  };
}

const span = (from: string, to: string, width: number): Mark => ({
  type: 'rule',
  from: { data: 'targets' },
  encode: {
    enter: {
      x: { scale: 'x', field: from },
      x2: { scale: 'x', field: to },
      y: { scale: 'y', field: 'id', band: 0.5 },
      stroke: { value: 'var(--candidate)' },
      strokeWidth: { value: width },
      strokeCap: { value: 'round' },
    },
  },
});

function percentileTable(targets: readonly TargetErrors[]): Html {
  const at = (share: number) => (t: TargetErrors) => signedPercent(quantileOrNull(t.sorted, share)!);
  return table(
    'Relative error of predictions, percentiles a target',
    [
      { title: 'Target', text: true, cell: (t) => t.id },
      { title: 'most too low', cell: at(0) },
      { title: '5th', cell: at(0.05) },
      { title: '25th', cell: at(0.25) },
      { title: 'median', cell: at(0.5) },
      { title: '75th', cell: at(0.75) },
      { title: '95th', cell: at(0.95) },
      { title: 'most too high', cell: at(1) },
    ],
    targets,
  );
}

const signedPercent = (error: number): string => `${signed(100 * error)} %`;
