// The first screen: what this predictor is, how good it is in one sentence and six numbers, and what was decided.
import type { ReportInput } from '../report-input.ts';
import { section } from './figure.ts';
import { correlation, percent, plural, utcMinute } from './format.ts';
import { type Html, html } from './html.ts';
import { type Metric, type MetricKey, meanOf, metrics, verdict } from './metrics.ts';
import { table } from './table.ts';
import type { ReportView } from './view.ts';

const badges = { promoted: 'promoted', refused: 'refused' } as const;

export function headline(view: ReportView): Html {
  const { input } = view;
  const badge = input.decision
    ? html` <span class="badge ${input.decision.outcome}">${badges[input.decision.outcome]}</span>`
    : undefined;
  return html`<header>
<p class="eyebrow">Predictor report</p>
<h1>${input.searchSpace} <span class="version">${input.version}</span>${badge}</h1>
<p class="lead">${sentence(view)}</p>
<p class="made">Made ${utcMinute(input.createdAt)}${input.champion ? `; the champion then was ${input.champion.version}` : '; there was no champion then'}.</p>
</header>
${tiles(view)}
`;
}

function sentence(view: ReportView): string {
  const scores = view.shownScores('candidate');
  if (scores.length === 0) return 'It has not been evaluated on any target that it was not trained on.';
  const devices = scores.length === 1 ? 'a target' : `${scores.length} targets`;
  return `On ${devices} it never saw in training, ${view.shownText}, ${percent(meanOf(scores, 'within10'))} of its predictions are within ±10 % of the measured latency, and it ranks architectures with a Spearman correlation of ${correlation(meanOf(scores, 'spearman'))}.`;
}

function tiles(view: ReportView): Html | undefined {
  const [own, champion] = [view.shownScores('candidate'), view.shownScores('champion')];
  if (own.length === 0) return undefined;
  // Compared over the targets that both were evaluated on.
  const both = new Set(champion.map((s) => s.target));
  const tile = (key: MetricKey): Html => {
    const metric = metrics[key];
    const other = meanOf(champion, key);
    const shared = meanOf(
      own.filter((s) => both.has(s.target)),
      key,
    );
    const delta = other === null || shared === null ? undefined : deltaOf(metric, shared - other);
    return html`<div class="tile"><dt>${metric.name}</dt><dd>${metric.write(meanOf(own, key))}</dd>${delta}</div>`;
  };
  const worst = view.targets.find((t) => t.candidate !== undefined && t.candidate.within10 !== null);
  const worstTile =
    worst && own.length > 1
      ? html`<div class="tile"><dt>Worst target, within ±10 %</dt><dd>${percent(worst.candidate!.within10)}</dd><dd class="aside">${worst.id}</dd></div>`
      : undefined;
  return html`<dl class="tiles">${(['within10', 'within5', 'spearman', 'medianApe', 'coverage90'] as const).map(tile)}${worstTile}</dl>`;
}

const deltaOf = (metric: Metric, difference: number): Html =>
  html`<dd class="aside ${verdict(metric, difference)}">${metric.writeDifference(difference)} to the champion</dd>`;

export function decisionSection(view: ReportView): Html | undefined {
  const { decision, differences } = view.input;
  if (!decision && differences.length === 0) return undefined;
  return section(
    'decision',
    decision ? `Why it was ${badges[decision.outcome]}` : 'Against the champion',
    decision && decision.reasons.length > 0
      ? html`<ul>${decision.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`
      : undefined,
    differences.length > 0 ? differenceTable(differences, view.shownScores('champion').length) : undefined,
  );
}

function differenceTable(differences: ReportInput['differences'], targets: number): Html {
  return table(
    `This predictor less the champion, the same ${plural(targets, 'target')} and measurements`,
    [
      { title: 'Metric', text: true, cell: (d) => metrics[d.metric].name },
      {
        title: 'Mean difference',
        cell: (d) =>
          html`<span class="${verdict(metrics[d.metric], d.difference)}">${metrics[d.metric].writeDifference(d.difference)}</span>`,
      },
      {
        title: '95 % interval',
        cell: (d) => `${metrics[d.metric].writeDifference(d.low)} to ${metrics[d.metric].writeDifference(d.high)}`,
      },
    ],
    differences,
  );
}
