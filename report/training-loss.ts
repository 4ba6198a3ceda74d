// The loss over training steps, where the fit kept it.
import { figure, section } from './figure.ts';
import { decimal, whole } from './format.ts';
import { type Html, html } from './html.ts';
import { folded, table } from './table.ts';
import { thin } from './thin.ts';
import type { ReportView } from './view.ts';

const mostPoints = 200;

/** The loss over the steps of the fit; undefined with fewer than two points. */
export async function lossSection(view: ReportView): Promise<Html | undefined> {
  const losses = thin(
    (view.card.learningCurve ?? []).toSorted((a, b) => a.step - b.step),
    mostPoints,
  );
  if (losses.length < 2) return undefined;
  const [first, last] = [losses[0]!, losses.at(-1)!];
  const least = Math.min(...losses.map((l) => l.loss));
  const most = Math.max(...losses.map((l) => l.loss));
  const margin = (most - least || 1) * 0.05;
  const position = { x: { scale: 'x', field: 'step' }, y: { scale: 'y', field: 'loss' } } as const;
  const colour = { value: 'var(--candidate)' } as const;
  const drawn = await figure({
    id: 'loss',
    title: 'Loss by training step',
    note: 'negative log evidence of an episode; lower is better',
    description: `Training loss, from ${decimal(first.loss, 2)} at step ${first.step} to ${decimal(last.loss, 2)} at step ${last.step}.`,
    spec: {
      width: 930,
      height: 200,
      padding: { left: 62, right: 16, top: 8, bottom: 44 },
      data: [{ name: 'losses', values: losses }],
      scales: [
        { name: 'x', type: 'linear', range: 'width', domain: [0, last.step] },
        { name: 'y', type: 'linear', range: 'height', domain: [least - margin, most + margin], zero: false },
      ],
      axes: [
        { scale: 'x', orient: 'bottom', title: 'training steps', format: ',d' },
        { scale: 'y', orient: 'left', title: 'loss', titleX: -50, tickCount: 5, grid: true },
      ],
      marks: [
        {
          type: 'line',
          from: { data: 'losses' },
          encode: { enter: { ...position, stroke: colour, strokeWidth: { value: 2.2 } } },
        },
        {
          type: 'symbol',
          from: { data: 'losses' },
          encode: { enter: { ...position, size: { value: 20 }, fill: colour } },
        },
      ],
    },
  });
  return section(
    'loss-curve',
    'Training',
    html`<p>${whole(last.step)} steps; the loss ended at ${decimal(last.loss, 3)}.</p>`,
    drawn,
    folded(
      'Loss by step',
      table(
        'Training loss',
        [
          { title: 'Step', cell: (l) => whole(l.step) },
          { title: 'Loss', cell: (l) => decimal(l.loss, 4) },
        ],
        losses,
      ),
    ),
  );
}
