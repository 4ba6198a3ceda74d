// What a hardware-runtime descriptor is worth: how an operator alone differs from the same in a network, learned from
// targets that have measured both (operator-rows.ts), and predictions of targets from their descriptor with k
// measurements beside it, or without one.
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { lnMoments, predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { type CounterMap, counterPriorMeans } from '#core/predictor/operators/counter-prior.ts';
import type { AloneModel, OperatorRows } from '#core/predictor/operators/operator-rows.ts';
import { lnLoweringPriors } from '#core/predictor/operators/runtime-lowerings.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import { median } from '#core/statistics/quantile.ts';
import { type Accuracy, accuracy } from './metrics.ts';

interface MeasuredTarget {
  readonly networks: Forward;
  /** [networks.count]. */
  readonly latencyMs: Float64Array;
}

/** A target that has measured networks and the operators of a descriptor. */
export interface TargetWithOperators extends MeasuredTarget {
  readonly id: string;
  /** Its name in a profile. */
  readonly runtimeName: string | null;
  readonly operators: Omit<OperatorRows, 'alone'>;
  /** Left out: nothing is made of its counters. */
  readonly descriptor?: Descriptor;
}

/** Standard deviations of an operator's own noise among which learning chooses. */
export const noiseChoices = [0.05, 0.1, 0.15] as const;

/** The prior of δ and the operators' noise under which the targets' descriptors alone predict their networks best, by
 * the mean ln density of their latencies. Of each noise, mean and deviation of δ are those of the targets: a target's
 * is the median of ln(predicted / measured) where nothing is said of δ.
 * @param targets at least 2 */
export function learnAlone(predictor: Predictor, targets: readonly TargetWithOperators[]): AloneModel {
  const learned = noiseChoices.map((noise) => {
    const steps = targets.map((target) => stepOf(predictor, target, noise));
    const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
    const squares = steps.reduce((sum, step) => sum + (step - mean) ** 2, 0);
    const alone = { mean, deviation: Math.sqrt(squares / (steps.length - 1)), noise };
    return { alone, density: targets.reduce((sum, target) => sum + lnDensity(predictor, target, alone), 0) };
  });
  return learned.reduce((best, each) => (each.density > best.density ? each : best)).alone;
}

/** δ of a target as its descriptor alone and its networks tell it. */
export function stepOf(predictor: Predictor, target: TargetWithOperators, noise: number): number {
  const adaptation = adapted(predictor, target, [], { mean: 0, deviation: 0, noise });
  const { mean } = lnMoments(adaptation, predictor.parameters.lowerings, target.networks);
  return median(mean.map((ln, i) => ln - Math.log(target.latencyMs[i]!)));
}

/** Mean over the target's networks of the ln density, but for a constant, that the descriptor alone gives what they
 * took. */
function lnDensity(predictor: Predictor, target: TargetWithOperators, alone: AloneModel): number {
  const adaptation = adapted(predictor, target, [], alone);
  const { mean, deviation } = lnMoments(adaptation, predictor.parameters.lowerings, target.networks);
  const densities = mean.map((ln, i) => {
    const off = (Math.log(target.latencyMs[i]!) - ln) / deviation[i]!;
    return -0.5 * off * off - Math.log(deviation[i]!);
  });
  return densities.reduce((sum, density) => sum + density, 0) / densities.length;
}

/** How well networks that are not among `support` are predicted.
 * @param support rows of the networks that were measured; none: the descriptor alone
 * @param alone null: without the descriptor
 * @param map left out, or undefined: without its counters */
export function scoreDescribed(
  predictor: Predictor,
  target: TargetWithOperators,
  support: readonly number[],
  alone: AloneModel | null,
  map?: CounterMap,
): Accuracy {
  const adaptation = adapted(predictor, target, support, alone, map);
  const predicted = predictLatencies(adaptation, predictor.parameters.lowerings, target.networks);
  const measured = new Set(support);
  const rows = [...target.latencyMs.keys()].filter((row) => !measured.has(row));
  return accuracy(target.latencyMs, predicted, { trimmed: rows, all: rows });
}

function adapted(
  { parameters, identity }: Predictor,
  { runtimeName, networks, latencyMs, operators, descriptor }: TargetWithOperators,
  support: readonly number[],
  alone: AloneModel | null,
  map?: CounterMap,
): Adaptation {
  const measuredMs = Float64Array.from(support, (row) => latencyMs[row]!);
  const measured = forwardRows(networks, support);
  if (alone === null) return adaptCalibrated(parameters, identity.hash, measured, measuredMs);
  return adaptCalibrated(parameters, identity.hash, measured, measuredMs, {
    operators: { ...operators, alone },
    priorMeans: map && descriptor && counterPriorMeans(map, descriptor),
    lnLoweringPriors: lnLoweringPriors(runtimeName, parameters.lowerings),
  });
}
