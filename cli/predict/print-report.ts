// A report of predictions as lines for a person.
import { significant } from '#core/text/significant.ts';
import { textTable } from '../shipped-targets/text-table.ts';
import type { ModelReport, ReportedModel, ReportedPrediction } from './report.ts';

/** Places listed of each target. */
const mostPlaces = 15;

/** @returns lines, the last one ended */
export function printReport({ models, predictions, comparison, budgetMs }: ModelReport, explain: boolean): string {
  if (comparison !== undefined) return printComparison(models, comparison, predictions);
  return models
    .map((model) =>
      printModel(
        model,
        predictions.filter(({ file }) => file === model.file),
        budgetMs,
        explain,
      ),
    )
    .join('\n');
}

function printModel(
  model: ReportedModel,
  predictions: readonly ReportedPrediction[],
  budgetMs: number | undefined,
  explain: boolean,
): string {
  const header = [
    'target',
    'latency',
    '90 % interval',
    'trust',
    ...(budgetMs === undefined ? [] : [`fits ${budgetMs} ms`]),
  ];
  const rows = predictions.map((own) => [
    own.target,
    milliseconds(own.latencyMs),
    `${shown(own.lowMs)} – ${milliseconds(own.highMs)}`,
    own.trust,
    ...(own.fits === undefined ? [] : [own.fits]),
    own.kinds
      .slice(0, 2)
      .map(({ kind, share }) => `${kind} ${percent(share)}`)
      .join(', '),
  ]);
  const table = textTable([[...header, 'costs most'], ...rows], [1, 2]);
  const said = remarks(predictions);
  const explained = explain ? predictions.map(printBreakdown) : [];
  return [modelLine(model), table, ...(said === '' ? [] : [said]), ...explained].join('\n');
}

function modelLine({ file, name, batch, inputs, operators, macs }: ReportedModel): string {
  const shapes = inputs.slice(0, 4).map((input) => `${input.name} ${input.type} ${input.shape.join('x') || 'scalar'}`);
  const more = inputs.length > 4 ? `, and ${inputs.length - 4} more` : '';
  const work = macs >= 1e8 ? `${significant(macs / 1e9, 3)} GMACs` : `${significant(macs / 1e6, 3)} MMACs`;
  return `${file}: ${name || 'no name'}, ${shapes.join(', ')}${more}; batch ${batch}, ${operators} operators, ${work}\n`;
}

/** Each remark once, with the targets that it is of. */
function remarks(predictions: readonly ReportedPrediction[]): string {
  const targets = new Map<string, string[]>();
  for (const { target, trust, trustReason, notes } of predictions) {
    const reasons = trust === 'trusted' ? notes : [`${trust}: ${trustReason}`, ...notes];
    for (const reason of reasons) targets.set(reason, [...(targets.get(reason) ?? []), target]);
  }
  const isAll = (own: readonly string[]): boolean => own.length > 1 && own.length === predictions.length;
  return [...targets].map(([reason, own]) => `- ${isAll(own) ? 'all' : own.join(', ')}: ${reason}\n`).join('');
}

type ReportedCost = Omit<ReportedPrediction['kinds'][number], 'kind' | 'launches'>;

const told = ['time', 'share', 'interval, ms', 'of the variance'];

function printBreakdown({ target, latencyMs, lowering, trustReason, kinds, places = [] }: ReportedPrediction): string {
  const costs = ({ ms, share, lowMs, highMs, varianceShare }: ReportedCost): string[] => [
    milliseconds(ms),
    percent(share),
    lowMs === undefined ? '' : `${shown(lowMs)} to ${shown(highMs!)}`,
    varianceShare === undefined ? '' : percent(varianceShare),
  ];
  const byKind = kinds.map((own) => [own.kind, `${own.launches} x`, ...costs(own)]);
  const dearest = places.toSorted((a, b) => b.ms - a.ms);
  const rest = dearest.slice(mostPlaces);
  const byPlace = dearest.slice(0, mostPlaces).map((own) => [own.name, own.operators.join('+'), ...costs(own)]);
  if (rest.length > 0) {
    const ms = rest.reduce((sum, own) => sum + own.ms, 0);
    const varianceShare = rest.reduce((sum, own) => sum + (own.varianceShare ?? 0), 0);
    byPlace.push([`${rest.length} more`, '', ...costs({ ms, share: ms / latencyMs, varianceShare })]);
  }
  return [
    `${target}: ${milliseconds(latencyMs)}, launched as ${lowering}; ${trustReason}\n`,
    textTable([['kind', 'launches', ...told], ...byKind], [1, 2, 3, 4, 5]),
    textTable([['place', 'operators', ...told], ...byPlace], [2, 3, 4, 5]),
  ].join('\n');
}

function printComparison(
  models: readonly ReportedModel[],
  comparison: NonNullable<ModelReport['comparison']>,
  predictions: readonly ReportedPrediction[],
): string {
  const trustOf = (target: string): string => {
    const both = predictions.filter((own) => own.target === target).map(({ trust }) => trust);
    return [...new Set(both)].join(', then ');
  };
  const rows = comparison.map(({ target, latencyMs: [a, b], ratio, apart }) => [
    target,
    milliseconds(a),
    milliseconds(b),
    `${significant(ratio, 3)} x`,
    apart ? 'apart' : 'overlap',
    trustOf(target),
  ]);
  const table = textTable([['target', 'first', 'second', 'second/first', 'intervals', 'trust'], ...rows], [1, 2, 3]);
  return `${models.map(modelLine).join('')}\n${table}`;
}

const shown = (ms: number): string => String(significant(ms, 3));
const milliseconds = (ms: number): string => `${shown(ms)} ms`;
const percent = (share: number): string => `${Math.round(100 * share)} %`;
