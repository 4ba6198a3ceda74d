// Steps of meta-training. A step draws a group (a search space, a collection of models, boards), M of its networks and
// a batch size, and then B devices for these networks: real targets, mixtures of them, mixtures blended with a
// simulated device, and simulated devices under one of the lowerings. Noise and coarse clocks are added as the field
// shows them.
import type { Kernel } from '#core/graph/kernel.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { netCount } from '#core/predictor/hypotheses.ts';
import { kernelClassNames, membershipOf } from '#core/predictor/kernels/kernel-classes.ts';
import { kernelFeatureNames, kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';
import type { Random } from '#core/random.ts';
import { type Standardisation, standardised } from './price-network.ts';
import { runShare, type SimulatedKernels, simulatePrices } from './simulate-device.ts';

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
  readonly lowerings: readonly LoweringId[];
  readonly kernels: readonly Kernel[];
  readonly groups: readonly TrainingGroup[];
}

/** Shapes of a step's arrays: at most U kernels and M networks, B devices, and S lowerings under which net 0 looks at
 * them. Net 1 looks at them under one. */
export interface StepSize {
  readonly kernels: number;
  readonly networks: number;
  readonly devices: number;
  readonly lowerings: number;
}

export interface DrawnStep {
  readonly size: StepSize;
  readonly arrays: StepArrays;
}

export interface StepArrays {
  /** [U, d], standardised. */
  readonly features: Float32Array;
  /** [U, classes]. */
  readonly membership: Float32Array;
  /** Net 0's [S · M, U]. */
  readonly counts: Float32Array;
  /** Net 1's [M, U]. */
  readonly simulatedCounts: Float32Array;
  /** Which of all heads the step's are, one-hot [S + 1, H]. */
  readonly heads: Float32Array;
  /** [B, M]. */
  readonly lnLatency: Float32Array;
  /** [M]. */
  readonly present: Float32Array;
  /** [S + 1, B]: see stepLoss. */
  readonly weights: Float32Array;
}

/** Probabilities of the kinds of device; the rest is simulated. Few are, for they widen what net 0 holds possible of a
 * real one: net 1 is there for the others. From trials in which training targets were left out. */
const shares = { real: 0.4, mixed: 0.38, blended: 0.17 };
/** How often a step takes networks from all groups, for simulated devices alone. */
const acrossGroups = 0.12;
/** How much a device counts for net 0's heads one by one, beside their mixture; and a simulated device for net 1's head
 * of its own lowering. */
export const apartWeight = 0.2;
const simulatedWeight = 2;
const batchSizes = [1, 1, 1, 32, 64, 256];
const fewestNetworks = 12;

interface Device {
  readonly latency: Float64Array;
  readonly simulated: boolean;
}

/** `sizes` from small to large: a step takes the first that holds its kernels under so many lowerings, the last as many
 * networks as it holds. */
export function drawStep(
  random: Random,
  data: EpisodeData,
  standardisation: Standardisation,
  sizes: readonly StepSize[],
): DrawnStep {
  const { group, rows: candidates } = drawNetworks(random, data, sizes[0]!.networks);
  const all = [...random.choose(data.lowerings.length, data.lowerings.length)];
  const last = sizes.at(-1)!;
  const parts = sizes.map((own) => {
    const lowerings = all.slice(0, own.lowerings).sort((a, b) => a - b);
    return { size: own, lowerings, ...withinKernels(candidates, group.networks, lowerings, own.kernels) };
  });
  const { size, lowerings, rows, kernels } =
    parts.find((part) => part.size === last || part.rows.length === candidates.length) ?? parts.at(-1)!;
  const batch = drawBatch(random, group);
  const features = standardised(
    Float32Array.from(kernels.flatMap((k) => kernelFeatures(data.kernels[k]!, batch))),
    standardisation,
  );
  const position = new Map(kernels.map((k, i) => [k, i]));
  const rowsUnder = (lowering: number): CountRow[] => rows.map((row) => group.networks[row]![lowering]!);
  const simulatedLowering = lowerings[random.integer(lowerings.length)]!;
  const measured = group.targets.filter(({ latencyMs }) => rows.every((row) => !Number.isNaN(latencyMs[row])));
  const relative = measured.map(({ latencyMs }) => overGeometricMean(Float64Array.from(rows, (r) => latencyMs[r]!)));
  const main = [...measured.keys()].filter((i) => measured[i]!.batch === batch);
  const table = { kernels: kernels.map((k) => data.kernels[k]!), features, batch };
  const simulated = (): Float64Array => simulateLatencies(random, table, rowsUnder(simulatedLowering), position);
  const drawDevice = (): Device => {
    const kind = random.next();
    if (main.length === 0 || kind >= shares.real + shares.mixed + shares.blended) {
      return { latency: asMeasured(random, simulated()), simulated: true };
    }
    const first = main[random.integer(main.length)]!;
    if (kind < shares.real) return { latency: asMeasured(random, relative[first]!), simulated: false };
    const others = [...random.choose(measured.length, Math.min(1 + random.integer(2), measured.length))];
    const mixed = mix(random, [relative[first]!, ...others.filter((i) => i !== first).map((i) => relative[i]!)]);
    if (kind < shares.real + shares.mixed) return { latency: asMeasured(random, mixed), simulated: false };
    const share = random.uniform(0.1, 0.7);
    const other = simulated();
    const blend = mixed.map((value, i) => (1 - share) * value + share * other[i]!);
    return { latency: asMeasured(random, blend), simulated: false };
  };
  const devices = Array.from({ length: size.devices }, drawDevice);
  const drawn = { lowerings, simulatedLowering, devices, kernels, position, features, rowsUnder };
  return { size, arrays: arraysOf(size, data, drawn) };
}

/** Latencies of the rows' networks on a random device, over their geometric mean. */
function simulateLatencies(
  random: Random,
  table: SimulatedKernels,
  rows: readonly CountRow[],
  position: ReadonlyMap<number, number>,
): Float64Array {
  const launches = new Float64Array(table.kernels.length);
  for (const { kernels, counts } of rows) {
    kernels.forEach((k, i) => {
      launches[position.get(k)!]! += counts[i]! / rows.length;
    });
  }
  const prices = simulatePrices(random, table, launches);
  const sums = Float64Array.from(rows, ({ kernels, counts }) =>
    kernels.reduce((total, k, i) => total + counts[i]! * prices[position.get(k)!]!, 0),
  );
  const constant = runShare(random) * sums.toSorted()[sums.length >> 1]!;
  return overGeometricMean(sums.map((value) => value + constant));
}

interface DrawnNetworks {
  readonly group: Pick<TrainingGroup, 'networks' | 'targets'>;
  readonly rows: readonly number[];
}

function drawNetworks(random: Random, { groups }: EpisodeData, M: number): DrawnNetworks {
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
  const complete = group.targets.length > 0 && random.next() < 0.85 ? ofOneTarget(random, group, pool) : pool;
  return { group, rows: [...random.choose(complete.length, Math.min(M, complete.length))].map((i) => complete[i]!) };
}

/** Only the networks that one target has measured: where tables have gaps, hardly a target has all others. */
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

/** As many of the rows, in their order, as `most` kernels allow; and their kernels. */
function withinKernels(
  rows: readonly number[],
  networks: TrainingGroup['networks'],
  lowerings: readonly number[],
  most: number,
) {
  const kernels = new Set<number>([0]);
  const kept: number[] = [];
  for (const row of rows) {
    const own = new Set(lowerings.flatMap((lowering) => [...networks[row]![lowering]!.kernels]));
    const added = [...own].filter((k) => !kernels.has(k));
    if (kernels.size + added.length > most) continue;
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

interface Drawn {
  readonly lowerings: readonly number[];
  readonly simulatedLowering: number;
  readonly devices: readonly Device[];
  readonly kernels: readonly number[];
  readonly position: ReadonlyMap<number, number>;
  readonly features: Float32Array;
  rowsUnder(lowering: number): readonly CountRow[];
}

function arraysOf(size: StepSize, data: EpisodeData, drawn: Drawn): StepArrays {
  const { kernels: U, networks: M, devices: B, lowerings: S } = size;
  const { lowerings, simulatedLowering, devices, kernels, position, features, rowsUnder } = drawn;
  const L = data.lowerings.length;
  const arrays: StepArrays = {
    features: new Float32Array(U * kernelFeatureNames.length),
    membership: new Float32Array(U * kernelClassNames.length),
    counts: new Float32Array(S * M * U),
    simulatedCounts: new Float32Array(M * U),
    heads: new Float32Array((S + 1) * netCount * L),
    lnLatency: new Float32Array(B * M),
    present: new Float32Array(M),
    weights: new Float32Array((S + 1) * B),
  };
  const fill = (counts: Float32Array, slot: number, lowering: number): void => {
    rowsUnder(lowering).forEach((row, j) => {
      row.kernels.forEach((k, i) => {
        counts[(slot * M + j) * U + position.get(k)!] = row.counts[i]!;
      });
    });
  };
  arrays.features.set(features);
  arrays.membership.set(membershipOf(kernels.map((k) => data.kernels[k]!)));
  lowerings.forEach((lowering, slot) => {
    fill(arrays.counts, slot, lowering);
    arrays.heads[slot * netCount * L + lowering] = 1;
  });
  fill(arrays.simulatedCounts, 0, simulatedLowering);
  arrays.heads[S * netCount * L + L + simulatedLowering] = 1;
  arrays.present.fill(1, 0, rowsUnder(simulatedLowering).length);
  devices.forEach(({ latency, simulated }, b) => {
    latency.forEach((value, j) => {
      arrays.lnLatency[b * M + j] = Math.log(value);
    });
    for (let slot = 0; slot < S; slot++) arrays.weights[slot * B + b] = apartWeight / S;
    if (simulated) arrays.weights[S * B + b] = simulatedWeight;
  });
  return arrays;
}
