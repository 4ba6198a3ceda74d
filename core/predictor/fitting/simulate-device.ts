// Simulated devices: a price for every kernel, drawn at random. A price has shares of arithmetic, traffic, weights and
// launches, each with rates by kind of kernel; a smooth function of the shape, factors by class, scatter and a few
// outliers bend it. They teach the predictor that devices unlike all real ones exist.
import { type Kernel, kernelKinds } from '#core/graph/kernel.ts';
import { classesOf, classIndex, kernelClassNames } from '#core/predictor/kernels/kernel-classes.ts';
import { flagCount, isCompute, isRunConstant, kernelWork } from '#core/predictor/kernels/kernel-features.ts';
import type { Random } from '#core/random.ts';

/** A step's kernels [U], and what a device may price them by. */
export interface SimulatedKernels {
  readonly kernels: readonly Kernel[];
  /** Standardised features [U × width]. */
  readonly features: Float32Array;
  readonly batch: number;
}

const smoothUnits = 6;

/** Prices [U] of one random device, in its own unit; the run's constant costs nothing here (see runShare).
 * `launches` [U] is how often each kernel is launched by a typical network: shares are of its latency. */
export function simulatePrices(
  random: Random,
  { kernels, features, batch }: SimulatedKernels,
  launches: Float64Array,
): Float64Array {
  const U = kernels.length;
  const work = kernels.map((kernel) => kernelWork(kernel, batch));
  const ofKind = <T>(draw: () => T): ((kernel: Kernel) => T) => {
    const drawn = new Map(kernelKinds.map((kind) => [kind, draw()]));
    return (kernel) => drawn.get(kernel.kind)!;
  };
  const kindSpread = random.uniform(0, 0.8);
  const launchSpread = random.uniform(0, 0.5);
  const trafficRate = ofKind(() => Math.exp(kindSpread * random.normal()));
  const launchRate = ofKind(() => Math.exp(launchSpread * random.normal()));
  const computeRate = computeRates(random);
  const computeExponent = random.uniform(0.6, 1);
  const trafficExponent = random.uniform(0.7, 1);
  const cachedTraffic = random.next() < 0.3 ? 0.2 : 1;
  const elementwiseLaunch = random.next() < 0.3 ? random.uniform(0, 0.5) : 1;
  const compute = new Float64Array(U);
  const traffic = new Float64Array(U);
  const weights = new Float64Array(U);
  const launch = new Float64Array(U);
  kernels.forEach((kernel, i) => {
    if (isRunConstant(kernel)) return;
    const { macs, read, written, weights: stored } = work[i]!;
    const computes = isCompute(kernel);
    compute[i] = computes ? macs ** computeExponent * computeRate(kernel) : 0;
    traffic[i] = (read + written) ** trafficExponent * trafficRate(kernel) * (computes ? cachedTraffic : 1);
    weights[i] = stored;
    launch[i] = launchRate(kernel) * (computes ? 1 : elementwiseLaunch);
  });
  const shares = random.dirichlet([0.7, 0.5, 0.15, 0.65]);
  const normed = [compute, traffic, weights, launch].map((part, s) => {
    const total = part.reduce((sum, value, i) => sum + value * launches[i]!, 0);
    return part.map((value) => (total > 0 ? (value * shares[s]!) / total : 0));
  }) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const roofline = random.next() < 0.35 ? random.uniform(1, 5) : 1;
  const bent = bendings(random, kernels, features);
  return Float64Array.from({ length: U }, (_, i) => {
    const [c, t, w, l] = normed.map((part) => part[i]!) as [number, number, number, number];
    return ((c ** roofline + t ** roofline) ** (1 / roofline) + w + l) * bent[i]!;
  });
}

/** Cost of a multiply-accumulate by kind, in that of a convolution's. */
function computeRates(random: Random): (kernel: Kernel) => number {
  const depthwise = random.logUniform(0.5, 12);
  const grouped = random.logUniform(0.7, 4);
  const product = random.logUniform(0.4, 3);
  const winograd = random.logUniform(0.3, 1.3);
  const stem = random.logUniform(0.5, 3);
  return (kernel) => {
    switch (kernel.kind) {
      case 'depthwise-convolution':
        return depthwise;
      case 'grouped-convolution':
      case 'transposed-convolution':
        return grouped;
      case 'convolution':
        if (kernel.inputChannels <= 4) return stem;
        return kernel.window[0] === 3 && kernel.window[1] === 3 && kernel.stride === 1 ? winograd : 1;
      default:
        return product;
    }
  };
}

/** Factors [U] of order 1. */
function bendings(random: Random, kernels: readonly Kernel[], features: Float32Array): Float64Array {
  const width = features.length / kernels.length;
  const shape = width - flagCount;
  const strength = random.logUniform(0.05, 1);
  const smooth = strength * random.uniform(0, 0.5);
  const byClass = strength * random.uniform(0, 0.4);
  const scatter = strength * random.uniform(0, 0.2);
  const into = Float64Array.from({ length: shape * smoothUnits }, () => 0.5 * random.normal());
  const out = Float64Array.from({ length: smoothUnits }, () => random.normal() / 2);
  const classFactor = Float64Array.from(kernelClassNames, () => random.normal());
  return Float64Array.from(kernels, (kernel, i) => {
    let bend = 0;
    for (let unit = 0; unit < smoothUnits; unit++) {
      let sum = 0;
      for (let j = 0; j < shape; j++) sum += features[i * width + flagCount + j]! * into[j * smoothUnits + unit]!;
      bend += smooth * Math.tanh(sum) * out[unit]!;
    }
    for (const name of classesOf(kernel)) bend += byClass * classFactor[classIndex.get(name)!]!;
    bend += scatter * random.normal();
    if (random.next() < 0.03) bend += 0.5 * random.normal();
    return Math.exp(bend);
  });
}

/** What a run costs beside its kernels, in shares of a typical network's latency: none for three devices in ten. */
export const runShare = (random: Random): number => (random.next() < 0.7 ? random.logUniform(0.005, 1.2) : 0);
