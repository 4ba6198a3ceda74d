// The first screen: what this predictor is, how good it is in one sentence and six numbers, and what was decided.
import type { AccuracyMetric, Difference } from '#core/predictors/card.ts';
import { section } from './figure.ts';
import { correlation, percent, plural, utcMinute } from './format.ts';
import { type Html, html } from './html.ts';
import { type Metric, meanOf, reportedMetrics, verdict } from './metrics.ts';
import { table } from './table.ts';
import type { ReportView } from './view.ts';

/** The top of the page: which predictor, what became of it, and in a sentence how good it is. */
export function headline(view: ReportView): Html {
  const { version, createdAt, champion, decision } = view.card;
  const badge = decision ? html` <span class="badge ${decision.outcome}">${decision.outcome}</span>` : undefined;
  const before = champion ? `the champion then was ${champion.version}` : 'there was no champion then';
  return html`<header>
<p class="eyebrow">Predictor report</p>
<h1>Predictor <span class="version">${version}</span>${badge}</h1>
<p class="lead">${sentence(view)}</p>
<p class="made">Made ${utcMinute(createdAt)}; ${before}.</p>
</header>
${tiles(view)}
`;
}

function sentence(view: ReportView): string {
  const scores = view.shownScores('candidate');
  if (scores.length === 0) return 'It has not been evaluated on any device that it was not trained on.';
  const devices = new Set(scores.map((s) => s.device)).size;
  const where =
    scores.length === devices
      ? ''
      : ` (${plural(scores.length, view.workloads.length > 1 ? 'target and workload' : 'target', view.workloads.length > 1 ? 'pairs of target and workload' : 'targets')})`;
  const on = devices === 1 ? 'On a device' : `On average over ${devices} devices`;
  return `${on}${where} it never saw in training, ${view.shownText} of each target, ${percent(meanOf(scores, 'within10'))} of its predictions are within ±10 % of the measured latency, and it ranks architectures with a Spearman correlation of ${correlation(meanOf(scores, 'spearman'))}.`;
}

const tileMetrics = ['within10', 'within5', 'spearman', 'medianApe', 'coverage90'] as const;

function tiles(view: ReportView): Html | undefined {
  const [own, champion] = [view.shownScores('candidate'), view.shownScores('champion')];
  if (own.length === 0) return undefined;
  // Compared over the targets that both were evaluated on.
  const theirs = new Set(champion.map((s) => s.target));
  const shared = own.filter((s) => theirs.has(s.target));
  const tile = (key: AccuracyMetric): Html => {
    const [mine, other] = [meanOf(shared, key), meanOf(champion, key)];
    const delta = mine === null || other === null ? undefined : deltaOf(reportedMetrics[key], mine - other);
    return html`<div class="tile"><dt>${reportedMetrics[key].name}</dt><dd>${reportedMetrics[key].write(meanOf(own, key))}</dd>${delta}</div>`;
  };
  return html`<dl class="tiles">${tileMetrics.map(tile)}${worstTile(view)}</dl>`;
}

function worstTile(view: ReportView): Html | undefined {
  const byDevice = Map.groupBy(view.shownScores('candidate'), (s) => s.device);
  const [worst, another] = [...byDevice]
    .map(([device, scores]) => ({ device, within10: meanOf(scores, 'within10') }))
    .filter((d) => d.within10 !== null)
    .toSorted((a, b) => a.within10! - b.within10!);
  if (!worst || !another) return undefined;
  return html`<div class="tile"><dt>Worst device, within ±10 %</dt><dd>${percent(worst.within10)}</dd><dd class="aside">${worst.device}</dd></div>`;
}

const deltaOf = (metric: Metric, difference: number): Html =>
  html`<dd class="aside ${verdict(metric, difference)}">${metric.writeDifference(difference)} to the champion</dd>`;

/** Why it was promoted or refused, with the differences to the champion; undefined where nothing was compared. */
export function decisionSection(view: ReportView): Html | undefined {
  const { decision, evaluation } = view.card;
  const differences = evaluation?.differences ?? [];
  if (!decision && differences.length === 0) return undefined;
  return section(
    'decision',
    decision ? `Why it was ${decision.outcome}` : 'Beyond noise?',
    decision
      ? html`<ul>${decision.reasons.map((reason) => html`<li>${reason.charAt(0).toUpperCase()}${reason.slice(1)}</li>`)}</ul>`
      : undefined,
    ...(['champion', 'ridge'] as const).map((against) =>
      differenceTable(
        differences.filter((d) => d.against === against),
        against === 'ridge' ? 'ridge regression' : 'the champion',
      ),
    ),
  );
}

function differenceTable(differences: readonly Difference[], other: string): Html | undefined {
  if (differences.length === 0) return undefined;
  const write = (d: Difference, value: number) => reportedMetrics[d.metric].writeDifference(value);
  return table(
    `This predictor less ${other}, on the same folds and measurements; each device counts once, averaged over its targets, all numbers of measurements, random and chosen`,
    [
      { title: 'Metric', text: true, cell: (d) => reportedMetrics[d.metric].name },
      {
        title: 'Mean difference',
        cell: (d) =>
          html`<span class="${verdict(reportedMetrics[d.metric], d.difference)}">${write(d, d.difference)}</span>`,
      },
      { title: '95 % interval', cell: (d) => `${write(d, d.low)} to ${write(d, d.high)}` },
      { title: 'Devices', cell: (d) => d.devices },
    ],
    differences,
  );
}
