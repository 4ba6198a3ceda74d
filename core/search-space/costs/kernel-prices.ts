// What a simulated device charges for the kernels of a convolutional block, and the random factors that stand for what
// such a price list leaves out. The spaces of inverted residual blocks (FBNet, Once-for-All) share it.
import type { Random } from '#core/random.ts';

export interface SimulatedPrices {
  /** Shares of an average block's time; they sum to 1. */
  readonly computeShare: number;
  readonly trafficShare: number;
  readonly weightShare: number;
  readonly launchShare: number;
  /** Time of a depthwise multiply-accumulate relative to one of a 1×1 convolution. */
  readonly depthwisePrice: number;
  /** Below 1, large kernels run more efficiently than small ones. */
  readonly computeExponent: number;
  readonly trafficExponent: number;
}

/** How a random device prices kernels: shares of compute, traffic, weights and launch, and its rates. */
export function drawKernelPrices(random: Random): SimulatedPrices {
  const shares = random.dirichlet([0.4, 0.4, 0.15, 1]);
  return {
    computeShare: shares[0]!,
    trafficShare: shares[1]!,
    weightShare: shares[2]!,
    launchShare: shares[3]!,
    depthwisePrice: random.logUniform(0.5, 8),
    computeExponent: random.uniform(0.5, 1),
    trafficExponent: random.uniform(0.7, 1),
  };
}

/** Natural logarithms of multiplicative factors on the times of (layer, choice) entries. */
export interface Irregularities {
  readonly choiceLogFactor: Float64Array;
  readonly layerLogFactor: Float64Array;
  /** [layer × choices + choice] */
  readonly entryLogFactor: Float64Array;
}

/** Factors by choice, by layer (a random walk: neighbours are alike) and by entry, with 3 % outliers among the
 * entries. */
export function drawIrregularities(random: Random, layers: number, choices: number): Irregularities {
  const strength = random.logUniform(0.05, 1);
  const choiceSpread = strength * random.uniform(0, 0.3);
  const layerStep = (strength * random.uniform(0, 0.5)) / 3;
  const entrySpread = strength * random.uniform(0, 0.2);
  let walk = 0;
  return {
    choiceLogFactor: Float64Array.from({ length: choices }, () => choiceSpread * random.normal()),
    layerLogFactor: Float64Array.from({ length: layers }, () => {
      walk += layerStep * random.normal();
      return walk;
    }),
    entryLogFactor: Float64Array.from({ length: layers * choices }, () => {
      const outlier = random.next() < 0.03 ? 0.5 * random.normal() : 0;
      return entrySpread * random.normal() + outlier;
    }),
  };
}

/** Adds what lies outside the searched blocks: a constant, relative to the mean of `latency`. Changes `latency`. */
export function addBase(latency: Float64Array, baseShare: number): Float64Array {
  const base = (baseShare * latency.reduce((sum, value) => sum + value, 0)) / latency.length;
  for (let i = 0; i < latency.length; i++) latency[i]! += base;
  return latency;
}
