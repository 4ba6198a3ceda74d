// The end of a fit: what each target that was learned from is like, under the predictor itself; so that others are
// found among them (operators/beginnings.ts) and told which of them they are like
// (whole-networks/observe-behaviour.ts).
import { adaptTarget, allWeights } from '#core/predictor/adaptation/adaptation.ts';
import { headsOf, oneReach } from '#core/predictor/hypotheses.ts';
import { sumsOfRows } from '#core/predictor/kernels/sums-of-rows.ts';
import type { Centre } from '#core/predictor/predictor-parameters.ts';
import type { Predictor } from '#core/predictor/types.ts';
import type { EpisodeData, TrainingGroup, TrainingTarget } from './episodes.ts';

/** Those that were measured most; and of each so many evenly spaced networks. A tenth of a second a target. */
const mostTargets = 48;
const mostNetworks = 40;

/** One a target, in the order in which they first come. */
export async function learnCentres(predictor: Predictor, { groups, kernels }: EpisodeData): Promise<Centre[]> {
  const { parameters, identity } = predictor;
  const heads = headsOf(parameters.lowerings);
  const ofKnown = heads.flatMap(({ net }, h) => (net === 0 ? [h] : []));
  const centres: Centre[] = [];
  for (const { target, group, rows } of mostMeasured(groups)) {
    const networks = rows.map((row) => group.networks[row]!);
    const forward = await sumsOfRows(predictor, kernels, networks, target.batch);
    const latencyMs = Float64Array.from(rows, (row) => target.latencyMs[row]!);
    const adaptation = adaptTarget(parameters, identity.hash, forward, latencyMs, {
      heads: ofKnown,
      reaches: oneReach,
    });
    const likeliest = adaptation.heads.reduce((best, head) => (head.weight > best.weight ? head : best));
    centres.push({
      target: target.id,
      head: heads.findIndex(({ net, lowering }) => net === likeliest.net && lowering === likeliest.lowering),
      weights: Array.from(allWeights(likeliest), (w) => Number(w.toPrecision(4))),
    });
  }
  return centres;
}

interface MeasuredTarget {
  readonly target: TrainingTarget;
  readonly group: TrainingGroup;
  /** Some of the group's networks that it has measured. */
  readonly rows: readonly number[];
}

/** Each target in the group in which it has measured most. */
function mostMeasured(groups: readonly TrainingGroup[]): MeasuredTarget[] {
  const best = new Map<string, MeasuredTarget>();
  for (const group of groups) {
    for (const target of group.targets) {
      const rows = [...target.latencyMs.keys()].filter((row) => !Number.isNaN(target.latencyMs[row]));
      if (rows.length > (best.get(target.id)?.rows.length ?? 0)) best.set(target.id, { target, group, rows });
    }
  }
  const byCount = [...best.values()].toSorted((a, b) => b.rows.length - a.rows.length).slice(0, mostTargets);
  const kept = new Set(byCount);
  return [...best.values()].filter((own) => kept.has(own)).map((own) => ({ ...own, rows: evenlySpaced(own.rows) }));
}

function evenlySpaced(rows: readonly number[]): number[] {
  const count = Math.min(rows.length, mostNetworks);
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
}
