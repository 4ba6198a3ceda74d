// Steps of meta-training. A step draws a group (a search space, a collection of models, boards), M of its networks and a
// batch size, and then B devices for these networks: real targets, mixtures of them, mixtures blended with a simulated
// device, and simulated devices under one of the lowerings. Noise and coarse clocks are added as the field shows them.
import type { Kernel } from '#core/graph/kernel.ts';
import type { Random } from '#core/random.ts';
import { classesOf, classIndex, kernelClassNames } from './kernel-classes.ts';
import { kernelFeatureNames, kernelFeatures } from './kernel-features.ts';
import type { CountRow } from './kernel-table.ts';
import { type Standardisation, standardised } from './price-network.ts';
import { runShare, simulatePrices } from './simulate-device.ts';

export interface TrainingTarget {
  readonly id: string;
  /** Images at once when it was measured, in those of the networks' own graphs. */
  readonly batch: number;
  /** One latency a network of the group in ms, NaN where it was not measured. */
  readonly latencyMs: Float64Array;
}

export interface TrainingGroup {
  readonly id: string;
  /** How often it is drawn, relative to the other groups. */
  readonly weight: number;
  /** [networks][lowerings]. */
  readonly networks: readonly (readonly CountRow[])[];
  /** One name a network. Groups with several families sometimes draw a few of them only. */
  readonly families: readonly string[];
  readonly targets: readonly TrainingTarget[];
}

export interface EpisodeData {
  readonly lowerings: readonly string[];
  readonly kernels: readonly Kernel[];
  readonly groups: readonly TrainingGroup[];
}

/** Shapes of a step's arrays: U kernels at most, M networks at most, B devices. */
export interface StepSize {
  readonly kernels: number;
  readonly networks: number;
  readonly devices: number;
}

export interface DrawnStep {
  /** How many kernels the step's networks have: which size it needs. */
  readonly kernelCount: number;
  /** Fills the arrays of a step of this size, which holds `kernelCount`. */
  arrays(size: StepSize): StepArrays;
}

export interface StepArrays {
  /** [U, d], standardised. */
  readonly features: Float32Array;
  /** [U, classes]. */
  readonly membership: Float32Array;
  /** [L · M, U]. */
  readonly counts: Float32Array;
  /** [B, M]. */
  readonly lnLatency: Float32Array;
  /** [M]. */
  readonly present: Float32Array;
  /** [H, B]: see stepLoss. */
  readonly weights: Float32Array;
}

/** Probabilities of the four kinds of device; they sum to 1. */
const shares = { real: 0.33, mixed: 0.27, blended: 0.15 };
/** How often a step takes networks from all groups, for simulated devices alone. */
const acrossGroups = 0.12;
/** How much a device counts for net 0's heads one by one, beside their mixture; and a simulated device for net 1's head
 * of its own lowering. */
export const apartWeight = 0.2;
const simulatedWeight = 0.5;
const batchSizes = [1, 1, 1, 32, 64, 256];
const fewestNetworks = 12;

interface Device {
  readonly latency: Float64Array;
  /** Lowering under which it was simulated, else undefined. */
  readonly lowering: number | undefined;
}

export function drawStep(
  random: Random,
  data: EpisodeData,
  standardisation: Standardisation,
  most: StepSize,
): DrawnStep {
  const { group, rows: candidates } = drawNetworks(random, data, most.networks);
  const { rows, kernels } = withinKernels(candidates, group.networks, most.kernels);
  const batch = drawBatch(random, group);
  const L = data.lowerings.length;
  const features = standardised(
    Float32Array.from(kernels.flatMap((k) => kernelFeatures(data.kernels[k]!, batch))),
    standardisation,
  );
  const position = new Map(kernels.map((k, i) => [k, i]));
  const counts = Array.from({ length: L }, (_, l) => rows.map((row) => group.networks[row]![l]!));
  const measured = group.targets.filter(({ latencyMs }) => rows.every((row) => !Number.isNaN(latencyMs[row])));
  const relative = measured.map(({ latencyMs }) => overGeometricMean(Float64Array.from(rows, (r) => latencyMs[r]!)));
  const main = [...measured.keys()].filter((i) => measured[i]!.batch === batch);
  const table = { kernels: kernels.map((k) => data.kernels[k]!), features, batch };
  const simulated = (lowering: number): Float64Array => {
    const own = counts[lowering]!;
    const launches = new Float64Array(kernels.length);
    for (const row of own)
      row.kernels.forEach((k, i) => {
        launches[position.get(k)!]! += row.counts[i]! / own.length;
      });
    const prices = simulatePrices(random, table, launches);
    const sums = Float64Array.from(own, (row) =>
      row.kernels.reduce((total, k, i) => total + row.counts[i]! * prices[position.get(k)!]!, 0),
    );
    const typical = sums.toSorted()[sums.length >> 1]!;
    const constant = runShare(random) * typical;
    return overGeometricMean(sums.map((value) => value + constant));
  };
  const drawDevice = (): Device => {
    const kind = random.next();
    if (main.length === 0 || kind >= shares.real + shares.mixed + shares.blended) {
      const lowering = random.integer(L);
      return { latency: asMeasured(random, simulated(lowering)), lowering };
    }
    const first = main[random.integer(main.length)]!;
    if (kind < shares.real) return { latency: asMeasured(random, relative[first]!), lowering: undefined };
    const others = [...random.choose(measured.length, Math.min(1 + random.integer(2), measured.length))];
    const mixed = mix(random, [relative[first]!, ...others.filter((i) => i !== first).map((i) => relative[i]!)]);
    if (kind < shares.real + shares.mixed) return { latency: asMeasured(random, mixed), lowering: undefined };
    const share = random.uniform(0.1, 0.7);
    const other = simulated(random.integer(L));
    return {
      latency: asMeasured(
        random,
        mixed.map((value, i) => (1 - share) * value + share * other[i]!),
      ),
      lowering: undefined,
    };
  };
  const devices = Array.from({ length: most.devices }, drawDevice);
  return {
    kernelCount: kernels.length,
    arrays: (size) => arraysOf(size, data, kernels, features, counts, devices),
  };
}

interface Drawn {
  readonly group: Pick<TrainingGroup, 'networks' | 'targets'>;
  readonly rows: readonly number[];
}

function drawNetworks(random: Random, { groups }: EpisodeData, M: number): Drawn {
  if (groups.length > 1 && random.next() < acrossGroups) {
    const networks = Array.from({ length: M }, () => {
      const group = groups[random.integer(groups.length)]!;
      return group.networks[random.integer(group.networks.length)]!;
    });
    return { group: { networks, targets: [] }, rows: [...networks.keys()] };
  }
  const group = weighted(random, groups);
  const families = [...new Set(group.families)];
  let pool = [...group.networks.keys()];
  if (families.length > 2 && random.next() < 0.5) {
    const kept = new Set(
      [...random.choose(families.length, 2 + random.integer(families.length - 2))].map((i) => families[i]),
    );
    const some = pool.filter((row) => kept.has(group.families[row]));
    if (some.length >= fewestNetworks) pool = some;
  }
  const complete = group.targets.length > 0 && pool.length < 2 * M ? ofOneTarget(random, group, pool) : pool;
  return { group, rows: [...random.choose(complete.length, Math.min(M, complete.length))].map((i) => complete[i]!) };
}

/** In small groups full of gaps only the networks that one target has measured: else no target has all of them. */
function ofOneTarget(random: Random, { targets }: TrainingGroup, pool: readonly number[]): readonly number[] {
  const target = targets[random.integer(targets.length)]!;
  const own = pool.filter((row) => !Number.isNaN(target.latencyMs[row]));
  return own.length >= fewestNetworks ? own : pool;
}

function weighted(random: Random, groups: readonly TrainingGroup[]): TrainingGroup {
  let rest = random.next() * groups.reduce((sum, g) => sum + g.weight, 0);
  for (const group of groups) {
    rest -= group.weight;
    if (rest < 0) return group;
  }
  return groups.at(-1)!;
}

/** Of the rows, in their order, as many as `most` kernels allow; and their kernels. */
function withinKernels(rows: readonly number[], networks: TrainingGroup['networks'], most: number) {
  const kernels = new Set<number>();
  const kept: number[] = [];
  for (const row of rows) {
    const added = new Set(networks[row]!.flatMap((own) => [...own.kernels]).filter((k) => !kernels.has(k)));
    if (kernels.size + added.size > most) continue;
    for (const k of added) kernels.add(k);
    kept.push(row);
  }
  return { rows: kept, kernels: [...kernels].sort((a, b) => a - b) };
}

/** A batch size that targets of the group were measured at, mostly. */
function drawBatch(random: Random, { targets }: Pick<TrainingGroup, 'targets'>): number {
  if (targets.length > 0 && random.next() < 0.9) return targets[random.integer(targets.length)]!.batch;
  return batchSizes[random.integer(batchSizes.length)]!;
}

function overGeometricMean(latency: Float64Array): Float64Array {
  const lnMean = latency.reduce((sum, value) => sum + Math.log(value), 0) / latency.length;
  return latency.map((value) => value / Math.exp(lnMean));
}

/** A device between (and half the time somewhat beyond) the given ones. */
function mix(random: Random, latencies: readonly Float64Array[]): Float64Array {
  let weights = random.dirichlet(latencies.map(() => 1));
  if (random.next() < 0.5 && weights.length > 1) {
    const beyond = random.uniform(0, 0.3);
    const least = weights.indexOf(Math.min(...weights));
    weights = weights.map((w, i) => w * (1 + beyond) - (i === least ? beyond : 0));
  }
  return latencies[0]!.map((_, i) => {
    const values = latencies.map((l) => l[i]!);
    return Math.max(
      values.reduce((sum, value, j) => sum + weights[j]! * value, 0),
      0.05 * Math.min(...values),
    );
  });
}

/** Multiplicative noise of .2–8 %, and in an eighth of devices a clock so coarse that the mean is 8–25 ticks. */
function asMeasured(random: Random, latency: Float64Array): Float64Array {
  const noise = random.logUniform(0.002, 0.08);
  const noisy = latency.map((value) => value * Math.exp(noise * random.normal()));
  if (random.next() >= 0.12) return noisy;
  const tick = noisy.reduce((a, b) => a + b, 0) / noisy.length / random.uniform(8, 25);
  return noisy.map((value) => Math.max(Math.round(value / tick), 0.3) * tick);
}

function arraysOf(
  { kernels: U, networks: M, devices: B }: StepSize,
  data: EpisodeData,
  kernels: readonly number[],
  features: Float32Array,
  counts: readonly (readonly CountRow[])[],
  devices: readonly Device[],
): StepArrays {
  const L = counts.length;
  const arrays: StepArrays = {
    features: new Float32Array(U * kernelFeatureNames.length),
    membership: new Float32Array(U * kernelClassNames.length),
    counts: new Float32Array(L * M * U),
    lnLatency: new Float32Array(B * M),
    present: new Float32Array(M),
    weights: new Float32Array(2 * L * B),
  };
  arrays.features.set(features);
  const position = new Map(kernels.map((k, i) => [k, i]));
  kernels.forEach((k, i) => {
    for (const name of classesOf(data.kernels[k]!)) {
      arrays.membership[i * kernelClassNames.length + classIndex.get(name)!] = 1;
    }
  });
  counts.forEach((own, l) => {
    own.forEach((row, j) => {
      row.kernels.forEach((k, i) => {
        arrays.counts[(l * M + j) * U + position.get(k)!] = row.counts[i]!;
      });
    });
  });
  arrays.present.fill(1, 0, counts[0]!.length);
  devices.forEach(({ latency, lowering }, b) => {
    latency.forEach((value, j) => {
      arrays.lnLatency[b * M + j] = Math.log(value);
    });
    for (let l = 0; l < L; l++) arrays.weights[l * B + b] = apartWeight / L;
    if (lowering !== undefined) arrays.weights[(L + lowering) * B + b] = simulatedWeight;
  });
  return arrays;
}
