// Whether intervals hold as often as they say: the share of measurements inside, against the nominal confidence.
import type { Mark, Spec } from 'vega';
import { ink } from './chart.ts';
import { type Figure, figure, section } from './figure.ts';
import { percent } from './format.ts';
import { type Html, html } from './html.ts';
import { rowAxis, rowHeight, rowLabels, rowsDrawn, rowsNote } from './rows.ts';
import { folded, table } from './table.ts';
import type { ReportView } from './view.ts';

interface TargetCoverage {
  readonly id: string;
  /** Share observed, by confidence. */
  readonly observed: ReadonlyMap<number, number>;
}

const nominal = 0.9;
/** Single targets that are drawn beside the mean: the first, which are the worst. */
const mostFaint = 40;

/** How many measurements lie inside intervals of each confidence; undefined where it was not evaluated. */
export async function coverageSection(view: ReportView): Promise<Html | undefined> {
  const { coverage } = view;
  const confidences = [...new Set(coverage.map((c) => c.confidence))].toSorted((a, b) => a - b);
  const targets: TargetCoverage[] = view.targets
    .map(({ id }) => ({
      id,
      observed: new Map(coverage.filter((c) => c.target === id).map((c) => [c.confidence, c.observed])),
    }))
    .filter((t) => t.observed.size > 0);
  if (targets.length === 0) return undefined;
  const figures = [await figure(reliability(targets, confidences))];
  if (confidences.includes(nominal)) figures.push(await figure(byTarget(targets)));
  return section(
    'coverage',
    'Do the intervals hold?',
    html`<p>An interval of 90 % should hold nine measurements of ten, on every target. Above the line intervals are wider than they need to be; below it they promise too much.</p>`,
    html`<div class="pair">${figures}</div>`,
    folded('Share of measurements inside, by confidence', coverageTable(targets, confidences)),
  );
}

const meanAt = (targets: readonly TargetCoverage[], confidence: number): number | null => {
  const values = targets.map((t) => t.observed.get(confidence)).filter((v) => v !== undefined);
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
};

function reliability(targets: readonly TargetCoverage[], confidences: readonly number[]): Figure {
  const mean = confidences.map((confidence) => ({ confidence, observed: meanAt(targets, confidence) }));
  const lines = targets.map((t) => [...t.observed].map(([confidence, observed]) => ({ confidence, observed })));
  const low = Math.min(...confidences, ...lines.flat().map((p) => p.observed));
  const domain = [Math.max(Math.floor(low * 10 - 0.001) / 10, 0), 1];
  const axis = { tickCount: 5, format: '.0%', grid: true } as const;
  const spec: Spec = {
    width: 330,
    height: 280,
    padding: { left: 58, right: 16, top: 8, bottom: 44 },
    data: [
      { name: 'mean', values: mean },
      ...lines.slice(0, mostFaint).map((values, i) => ({ name: `target${i}`, values })),
    ],
    scales: [
      { name: 'x', type: 'linear', range: 'width', domain, zero: false },
      { name: 'y', type: 'linear', range: 'height', domain, zero: false },
    ],
    axes: [
      { scale: 'x', orient: 'bottom', title: 'confidence of the interval', ...axis },
      { scale: 'y', orient: 'left', title: 'measurements inside', titleX: -48, ...axis },
    ],
    marks: [
      {
        type: 'rule',
        encode: {
          enter: {
            x: { scale: 'x', value: domain[0]! },
            y: { scale: 'y', value: domain[0]! },
            x2: { scale: 'x', value: 1 },
            y2: { scale: 'y', value: 1 },
            stroke: { value: ink },
            strokeOpacity: { value: 0.55 },
            strokeDash: { value: [4, 4] },
          },
        },
      },
      ...(targets.length > 1 ? lines.slice(0, mostFaint).map((_, i) => lineMark(`target${i}`, 1, 0.3)) : []),
      lineMark('mean', 2.4, 1),
      {
        type: 'symbol',
        from: { data: 'mean' },
        encode: { enter: { ...position, size: { value: 30 }, fill: { value: 'var(--candidate)' } } },
      },
    ],
  };
  return {
    id: 'coverage-reliability',
    title: 'Promised and kept',
    note: targets.length > 1 ? 'thick: mean over targets, faint: single targets' : undefined,
    description: `Share of measurements inside the interval against its confidence: ${mean.map((m) => `${percent(m.observed)} inside at ${percent(m.confidence, 0)}`).join(', ')}.`,
    spec,
  };
}

const position = { x: { scale: 'x', field: 'confidence' }, y: { scale: 'y', field: 'observed' } } as const;

const lineMark = (data: string, width: number, opacity: number): Mark => ({
  type: 'line',
  from: { data },
  encode: {
    enter: {
      ...position,
      stroke: { value: 'var(--candidate)' },
      strokeWidth: { value: width },
      strokeOpacity: { value: opacity },
    },
  },
});

function byTarget(targets: readonly TargetCoverage[]): Figure {
  const drawn = rowsDrawn(targets);
  const values = drawn
    .map(({ id, observed }) => ({ id, observed: observed.get(nominal) ?? null }))
    .filter((v) => v.observed !== null);
  const least = Math.max(Math.min(Math.floor(Math.min(...values.map((v) => v.observed!)) * 10) / 10, 0.7), 0);
  const height = rowHeight(drawn.length) * drawn.length;
  return {
    id: 'coverage-targets',
    title: 'Measurements inside the 90 % interval',
    note: `the line is 90 %${rowsNote(targets)}`,
    description: `Share of measurements inside the 90 % interval of each target: ${values
      .slice(0, 8)
      .map((v) => `${v.id} ${percent(v.observed)}`)
      .join(', ')}.`,
    spec: {
      width: 330,
      height,
      padding: { left: rowLabels, right: 16, top: 8, bottom: 44 },
      data: [{ name: 'targets', values }],
      scales: [
        { name: 'x', type: 'linear', range: 'width', domain: [least, 1], zero: false },
        { name: 'y', type: 'band', range: 'height', domain: drawn.map((t) => t.id) },
      ],
      axes: [
        { scale: 'x', orient: 'bottom', title: 'measurements inside', tickCount: 5, format: '.0%', grid: true },
        rowAxis,
      ],
      marks: [
        {
          type: 'rule',
          encode: {
            enter: {
              x: { scale: 'x', value: nominal },
              y: { value: 0 },
              y2: { value: height },
              stroke: { value: ink },
              strokeOpacity: { value: 0.55 },
              strokeDash: { value: [4, 4] },
            },
          },
        },
        {
          type: 'rule',
          from: { data: 'targets' },
          encode: {
            enter: {
              x: { scale: 'x', value: nominal },
              x2: { scale: 'x', field: 'observed' },
              y: { scale: 'y', field: 'id', band: 0.5 },
              stroke: { value: 'var(--candidate)' },
              strokeWidth: { value: 2 },
            },
          },
        },
        {
          type: 'symbol',
          from: { data: 'targets' },
          encode: {
            enter: {
              x: { scale: 'x', field: 'observed' },
              y: { scale: 'y', field: 'id', band: 0.5 },
              size: { value: 80 },
              fill: { value: 'var(--candidate)' },
            },
          },
        },
      ],
    },
  };
}

function coverageTable(targets: readonly TargetCoverage[], confidences: readonly number[]): Html {
  return table(
    'Share of measurements inside the central interval of each confidence',
    [
      { title: 'Target', text: true, cell: (t) => t.id },
      ...confidences.map((confidence) => ({
        title: percent(confidence, 0),
        cell: (t: TargetCoverage) => percent(t.observed.get(confidence)),
      })),
    ],
    targets,
  );
}
