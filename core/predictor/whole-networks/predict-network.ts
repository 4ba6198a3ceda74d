// A prediction of one network on one target with all that is to be said of it: interval, trust, where the time goes,
// and what is not known.

import type { Kernel } from '#core/graph/kernel.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { assessTrust } from '#core/predictor/adaptation/trust.ts';
import { classTitle } from '#core/predictor/kernels/kernel-classes.ts';
import { isRunConstant } from '#core/predictor/kernels/kernel-features.ts';
import type { PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import type { Trust } from '#core/predictor/types.ts';
import { type Breakdown, breakDown } from './breakdown.ts';
import { isInt8, isUnknownKernel, measuredKinds } from './familiarity.ts';
import type { PricedNetwork } from './launched-network.ts';

export interface NetworkPrediction extends Breakdown {
  readonly latencyMs: number;
  /** The central interval, widened by the share of the time that is in unknown kernels. */
  readonly lowMs: number;
  readonly highMs: number;
  /** Half of the interval in ln ms, before it was widened. */
  readonly lnHalfWidth: number;
  /** With a budget: probability that the latency is at most that, as if everything were known. */
  readonly withinBudgetProbability?: number;
  readonly trust: Trust;
  readonly trustReason: string;
  /** Share of the estimated time in kernels unlike all that was learned from; and their operators, the dearest
   * first. */
  readonly unknownShare: number;
  readonly unknownOperators: readonly string[];
  /** Share in kernels of kinds or sizes that the target was not measured with; and their operators, with which. */
  readonly unmeasuredShare: number;
  readonly unmeasuredOperators: readonly string[];
  /** The network has int8 kernels and the target no measurement of any. */
  readonly lacksInt8: boolean;
}

/** A larger share of the estimated time that is not known makes the answer one that should not be believed. */
export const mostUnknown = 0.25;
/** The upper end of an interval over its lower one; what is beyond is a guess. */
const widestRatio = 9;
/** Ends of an interval are told up to this factor from the latency: beyond, numbers mean nothing. */
export const farthestEnd = 1000;

/** @param confidence mass of the interval, in (0, 1) */
export function predictNetwork(
  parameters: PredictorParameters,
  adaptation: Adaptation,
  network: PricedNetwork,
  confidence = 0.9,
  budgetMs?: number,
): NetworkPrediction {
  const predicted = predictLatencies(adaptation, parameters.lowerings, network.forward, {
    confidence,
    ...(budgetMs !== undefined && { budgetMs }),
  });
  const latencyMs = predicted.latencyMs[0]!;
  const breakdown = breakDown(adaptation, network, latencyMs);
  const kinds = measuredKinds(adaptation);
  const isUnknown = (kernel: Kernel): boolean => isUnknownKernel(kernel, parameters.normalisation, network.batch);
  const unknown = shareOf(network, breakdown, latencyMs, (kernel) => (isUnknown(kernel) ? kernel.operator : undefined));
  const unmeasured = shareOf(network, breakdown, latencyMs, (kernel) => {
    const name = kinds.unmeasuredClass(kernel);
    return name === undefined ? undefined : `${kernel.operator} (${classTitle(name)})`;
  });
  const lacksInt8 = !kinds.hasInt8 && network.kernels.some((kernel) => !isRunConstant(kernel) && isInt8(kernel));
  return {
    ...breakdown,
    latencyMs,
    ...(predicted.withinBudgetProbability && { withinBudgetProbability: predicted.withinBudgetProbability[0]! }),
    lowMs: Math.max(predicted.lowMs[0]!, latencyMs / farthestEnd) * (1 - unknown.share),
    highMs: Math.min(predicted.highMs[0]!, latencyMs * farthestEnd) * (1 + unknown.share),
    lnHalfWidth: Math.log(predicted.highMs[0]! / latencyMs),
    ...trustOf(adaptation, unknown, unmeasured, predicted.highMs[0]! / predicted.lowMs[0]!),
    unknownShare: unknown.share,
    unknownOperators: unknown.operators,
    unmeasuredShare: unmeasured.share,
    unmeasuredOperators: unmeasured.operators,
    lacksInt8,
  };
}

interface Share {
  readonly share: number;
  readonly operators: readonly string[];
}

function shareOf(
  { kernels, launches }: PricedNetwork,
  { lowering, launchMs }: Breakdown,
  latencyMs: number,
  nameOf: (kernel: Kernel) => string | undefined,
): Share {
  const names = kernels.map(nameOf);
  const byOperator = new Map<string, number>();
  launches.get(lowering)!.forEach(({ kernel }, i) => {
    const name = names[kernel];
    if (name !== undefined) byOperator.set(name, (byOperator.get(name) ?? 0) + launchMs[i]!);
  });
  const dearest = [...byOperator].sort(([, a], [, b]) => b - a);
  const ms = dearest.reduce((sum, [, own]) => sum + own, 0);
  return { share: Math.min(ms / latencyMs, 1), operators: dearest.map(([operator]) => operator) };
}

function trustOf(
  adaptation: Adaptation,
  unknown: Share,
  unmeasured: Share,
  ratio: number,
): { readonly trust: Trust; readonly trustReason: string } {
  if (unknown.share > mostUnknown) {
    const trustReason = `${percent(unknown)} of the estimated time is in operators unlike all that the predictor learned from: ${named(unknown)}`;
    return { trust: 'out-of-domain', trustReason };
  }
  const { trust, reason } = assessTrust(adaptation);
  if (trust === 'trusted' && unmeasured.share > mostUnknown) {
    const trustReason =
      `${percent(unmeasured)} of the estimated time is in kinds or sizes of operators that nobody measured on this ` +
      `target: ${named(unmeasured)}`;
    return { trust: 'measure-first', trustReason };
  }
  if (trust === 'trusted' && ratio > widestRatio) {
    const trustReason = `the measurements of this target leave a factor of more than ${widestRatio} open for this model`;
    return { trust: 'measure-first', trustReason };
  }
  return { trust, trustReason: reason };
}

const percent = ({ share }: Share): string => `${Math.round(100 * share)} %`;
const named = ({ operators }: Share): string =>
  `${operators.slice(0, 5).join(', ')}${operators.length > 5 ? ` and ${operators.length - 5} more` : ''}`;
