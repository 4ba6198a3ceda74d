// Where the predictor comes from: what it was trained on, how, and the hashes that name it.
import { section } from './figure.ts';
import { plural, utcMinute, whole } from './format.ts';
import { type Html, html } from './html.ts';
import { folded, table } from './table.ts';
import type { ReportView } from './view.ts';

export function lineageSection({ input }: ReportView): Html {
  const { lineage } = input;
  const total = lineage.targets.reduce((sum, t) => sum + t.measurements, 0);
  const facts: readonly { name: string; value: string }[] = [
    { name: 'Search space', value: input.searchSpace },
    { name: 'Version', value: input.version },
    { name: 'Content hash', value: input.hash },
    { name: 'Made', value: utcMinute(input.createdAt) },
    { name: 'Champion then', value: input.champion?.version ?? 'none' },
    {
      name: 'Trained on',
      value: `${plural(total, 'measurement')} of ${plural(lineage.targets.length, 'target')} over ${plural(lineage.architectures, 'architecture')}`,
    },
    { name: 'Training data hash', value: lineage.dataHash },
    { name: 'Training', value: `${plural(lineage.steps, 'step')}, seed ${lineage.seed}` },
    ...lineage.more,
  ];
  return section(
    'lineage',
    'Where it comes from',
    html`<dl>${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`,
    folded(
      `The ${plural(lineage.targets.length, 'training target')}`,
      table(
        'Targets trained on',
        [
          { title: 'Target', text: true, cell: (t) => t.id },
          { title: 'Measurements', cell: (t) => whole(t.measurements) },
        ],
        lineage.targets,
      ),
    ),
  );
}

export function limitsSection({ input }: ReportView): Html {
  return section(
    'limits',
    'How this was tested, and its limits',
    html`<p>${input.protocol}</p>`,
    input.limits.length === 0 ? undefined : html`<ul>${input.limits.map((limit) => html`<li>${limit}</li>`)}</ul>`,
  );
}
