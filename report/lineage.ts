// Where the predictor comes from and how far to trust it: data, training, hashes, the test's protocol, known limits.
import { section } from './figure.ts';
import { plural, utcMinute, whole } from './format.ts';
import { type Html, html } from './html.ts';
import { folded, table } from './table.ts';
import type { ReportView } from './view.ts';

interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What the predictor was made from, by hash. */
export function lineageSection({ card }: ReportView): Html {
  const { training, snapshot } = card;
  const facts: readonly Fact[] = [
    { name: 'Version', value: card.version },
    { name: 'Content hash', value: card.hash },
    { name: 'Made', value: utcMinute(card.createdAt) },
    { name: 'Champion then', value: card.champion?.version ?? 'none' },
    {
      name: 'Trained on',
      value: `${plural(training.targets.length, 'target')}, ${plural(training.networks, 'network')}`,
    },
    { name: 'Training data hash', value: training.dataHash },
    {
      name: 'Training',
      value: `${plural(training.steps, 'step')}, seed ${training.seed}, ${plural(Math.round(training.trainS), 'second')}`,
    },
    ...(card.runId === undefined ? [] : [{ name: 'Training run', value: card.runId }]),
    ...(snapshot ? snapshotFacts(snapshot) : []),
  ];
  return section(
    'lineage',
    'Where it comes from',
    html`<dl>${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`,
    trainingTargets(card),
  );
}

function snapshotFacts(snapshot: NonNullable<ReportView['card']['snapshot']>): Fact[] {
  const measurements = snapshot.targets.reduce((sum, t) => sum + t.measurements, 0);
  const devices = new Set(snapshot.targets.map((t) => t.device)).size;
  return [
    { name: 'Snapshot', value: snapshot.id },
    {
      name: 'Learned from',
      value: `${plural(measurements, 'measurement')} of ${plural(snapshot.targets.length, 'target')} on ${plural(devices, 'device')}`,
    },
    { name: 'Manifest SHA-256', value: snapshot.manifestSha256 },
    { name: 'Measurements SHA-256', value: snapshot.measurementsSha256 },
  ];
}

function trainingTargets({ training, snapshot }: ReportView['card']): Html | undefined {
  if (training.targets.length === 0) return undefined;
  const known = new Map(snapshot?.targets.map((t) => [t.id, t]));
  const rows = training.targets.map((id) => ({ id, frozen: known.get(id) }));
  const frozen = snapshot
    ? [
        { title: 'Device', text: true, cell: (row: (typeof rows)[number]) => row.frozen?.device },
        {
          title: 'Measurements',
          cell: (row: (typeof rows)[number]) => (row.frozen ? whole(row.frozen.measurements) : undefined),
        },
      ]
    : [];
  return folded(
    `The ${plural(rows.length, 'training target')}`,
    table('Targets trained on', [{ title: 'Target', text: true, cell: (row) => row.id }, ...frozen], rows),
  );
}

/** How it was tested and what follows from that; undefined where nothing is known of it. */
export function limitsSection({ card }: ReportView): Html | undefined {
  const { evaluation, limits = [] } = card;
  if (!evaluation && limits.length === 0) return undefined;
  const skipped = evaluation?.notEvaluated ?? [];
  return section(
    'limits',
    'How this was tested, and its limits',
    evaluation ? html`<p>${evaluation.protocol}</p>` : undefined,
    limits.length === 0 ? undefined : html`<ul>${limits.map((limit) => html`<li>${limit}</li>`)}</ul>`,
    skipped.length === 0
      ? undefined
      : folded(
          `${plural(skipped.length, 'target')} not evaluated: too few measurements`,
          table('Targets with too few measurements', [{ title: 'Target', text: true, cell: (id) => id }], skipped),
        ),
  );
}
