// The honest yardstick: adapt a trained predictor to targets that it has not seen, from a few of their measurements,
// and score it on networks that were not measured: of the same set or another, of families that were measured or not.
// Nothing of a test target but its k measurements reaches the predictor.
import { DomainError } from '#core/errors.ts';
import type { Kernel } from '#core/graph/kernel.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { evenlySpaced } from '#core/predictor/adaptation/checked-adaptation.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { chooseRows } from '#core/predictor/adaptation/select-support-set.ts';
import type { Selection } from '#core/predictor/evaluation/held-out-evaluation.ts';
import { type Accuracy, accuracy, type PredictedRange } from '#core/predictor/evaluation/metrics.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';

export interface EvaluatedNetworks {
  /** [networks][lowerings of the predictor], indices into `EvaluationOfNetworks.kernels`. */
  readonly rows: readonly (readonly CountRow[])[];
  readonly families: readonly string[];
  /** Which may be measured; all where it is not given. */
  readonly measurable?: readonly boolean[];
}

export interface EvaluatedTarget {
  readonly id: string;
  /** Images at once, in those of the networks' own graphs. */
  readonly batch: number;
  /** In ms, one a network, NaN where there is none. */
  readonly measuredMs: Float64Array;
  readonly testedMs: Float64Array;
}

export interface EvaluationOfNetworks {
  readonly kernels: readonly Kernel[];
  readonly measured: EvaluatedNetworks;
  /** Networks to score on; the same object as `measured`: those that were not drawn to be measured. */
  readonly tested: EvaluatedNetworks;
  readonly targets: readonly EvaluatedTarget[];
  readonly measurements: readonly number[];
  readonly selections: readonly Selection[];
  /** Draws a target. A chosen set is one, unless families are held out anew for each. */
  readonly repeats: number;
  readonly seed: number;
  /** held-out: in every draw a fifth of the tested families is never measured, and only they are scored. */
  readonly families: 'any' | 'held-out';
  readonly outlierShare?: number;
  /** Told of every draw that is scored. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface NetworkEvaluationResult extends Accuracy {
  readonly target: string;
  readonly measurements: number;
  readonly selection: Selection;
  readonly families: 'any' | 'held-out';
  readonly repeats: number;
  readonly within20: number;
}

/** Candidates for a chosen set: evenly spaced ones of those that may be measured, for lists stand by families. */
const mostCandidates = 900;

/** @throws DomainError `too-few-measurements` where a target has fewer latencies than are asked for */
export async function evaluateNetworks(
  predictor: Predictor,
  plan: EvaluationOfNetworks,
): Promise<NetworkEvaluationResult[]> {
  const results: NetworkEvaluationResult[] = [];
  const total = networkDrawsOf(plan);
  let done = 0;
  for (const target of plan.targets) {
    const forward = await forwardsOf(predictor, plan, target.batch);
    for (const measurements of plan.measurements) {
      for (const selection of plan.selections) {
        const repeats = drawsOf(selection, plan);
        const scores = Array.from({ length: repeats }, (_, repeat) => {
          const scored = score(predictor, plan, target, forward, measurements, selection, repeat);
          plan.onProgress?.(++done, total);
          return scored;
        });
        const mean = meanOf(scores);
        results.push({ target: target.id, measurements, selection, families: plan.families, repeats, ...mean });
      }
    }
  }
  return results;
}

type Draws = Pick<EvaluationOfNetworks, 'measurements' | 'selections' | 'repeats' | 'families'>;

const drawsOf = (selection: Selection, { families, repeats }: Draws): number =>
  selection === 'chosen' && families === 'any' ? 1 : repeats;

/** Draws of measurements that a plan scores. */
export function networkDrawsOf(plan: Draws & { readonly targets: readonly unknown[] }): number {
  const ofTarget = plan.selections.reduce((sum, selection) => sum + drawsOf(selection, plan), 0);
  return plan.measurements.length * ofTarget * plan.targets.length;
}

interface Forwards {
  readonly measured: Forward;
  readonly tested: Forward;
}

async function forwardsOf(predictor: Predictor, plan: EvaluationOfNetworks, batch: number): Promise<Forwards> {
  const both = [...plan.measured.rows, ...plan.tested.rows];
  const used = [...new Set(both.flatMap((rows) => rows.flatMap((row) => [...row.kernels])))];
  const position = new Map(used.map((kernel, i) => [kernel, i]));
  const prices = await predictor.prices(
    used.map((kernel) => plan.kernels[kernel]!),
    batch,
  );
  const sums = ({ rows }: EvaluatedNetworks): Forward =>
    networkSums(
      prices,
      rows.map((own) => own.map(({ kernels, counts }) => ({ kernels: kernels.map((k) => position.get(k)!), counts }))),
    );
  const measured = sums(plan.measured);
  return { measured, tested: plan.tested === plan.measured ? measured : sums(plan.tested) };
}

function score(
  { parameters, identity }: Predictor,
  plan: EvaluationOfNetworks,
  target: EvaluatedTarget,
  forward: Forwards,
  measurements: number,
  selection: Selection,
  repeat: number,
): NetworkScore {
  const random = seededRandom(plan.seed * 1000 + repeat);
  const there = (latency: Float64Array): number[] => [...latency.keys()].filter((i) => !Number.isNaN(latency[i]));
  let pool = there(target.measuredMs).filter((i) => plan.measured.measurable?.[i] ?? true);
  let test = there(target.testedMs);
  if (plan.families === 'held-out') {
    const families = [...new Set(test.map((i) => plan.tested.families[i]!))].sort();
    const count = Math.max(Math.floor(families.length / 5), 1);
    const held = new Set([...random.choose(families.length, count)].map((i) => families[i]));
    pool = pool.filter((i) => !held.has(plan.measured.families[i]!));
    test = test.filter((i) => held.has(plan.tested.families[i]!));
  }
  if (pool.length < measurements) {
    const message = `target '${target.id}' has a usable latency for ${pool.length} of the networks to measure; ${measurements} are asked for`;
    throw new DomainError('too-few-measurements', message);
  }
  const support =
    selection === 'random'
      ? [...random.choose(pool.length, measurements)].map((i) => pool[i]!)
      : chosen(forward.measured, evenlySpaced(pool, mostCandidates), measurements);
  if (plan.tested === plan.measured) {
    const drawn = new Set(support);
    test = test.filter((i) => !drawn.has(i));
  }
  const latencyMs = Float64Array.from(support, (i) => target.measuredMs[i]!);
  const options = plan.outlierShare === undefined ? {} : { outlierShare: plan.outlierShare };
  const adaptation = adaptCalibrated(
    parameters,
    identity.hash,
    forwardRows(forward.measured, support),
    latencyMs,
    options,
  );
  const predicted = predictLatencies(adaptation, parameters.lowerings, forwardRows(forward.tested, test));
  const truth = Float64Array.from(test, (i) => target.testedMs[i]!);
  return scoreOf(truth, predicted, [...truth.keys()]);
}

/** How well the networks of these rows are predicted; all arrays are indexed by row. */
export function scoreOf(truth: Float64Array, predicted: PredictedRange, rows: readonly number[]): NetworkScore {
  const within20 = rows.filter((i) => Math.abs(predicted.latencyMs[i]! / truth[i]! - 1) <= 0.2).length / rows.length;
  return { ...accuracy(truth, predicted, { trimmed: rows, all: rows }), within20 };
}

function chosen(forward: Forward, candidates: readonly number[], count: number): number[] {
  return chooseRows(forwardRows(forward, candidates), count).picks.map((i) => candidates[i]!);
}

export type NetworkScore = Accuracy & { readonly within20: number };

/** The mean of each measure over several scores; NaN where there are none. */
export function meanOf(scores: readonly NetworkScore[]): NetworkScore {
  const mean = (key: keyof NetworkScore): number => scores.reduce((sum, own) => sum + own[key], 0) / scores.length;
  return {
    spearmanTrimmed: mean('spearmanTrimmed'),
    spearman: mean('spearman'),
    within5: mean('within5'),
    within10: mean('within10'),
    within20: mean('within20'),
    medianApe: mean('medianApe'),
    coverage90: mean('coverage90'),
  };
}
