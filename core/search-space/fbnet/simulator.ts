// Simulated devices for FBNet: a block is three kernels that pay for compute, activation traffic, weights and a launch
// in random proportions, grouped blocks may pay for their shuffle, and smooth random factors by operation, layer and
// entry stand for what such a model leaves out.
import type { Random } from '#core/random.ts';
import {
  addBase,
  drawIrregularities,
  drawKernelPrices,
  type Irregularities,
  type SimulatedPrices,
} from '../costs/kernel-prices.ts';
import type { Architecture, DeviceSimulator } from '../search-space.ts';
import {
  fbnetBlocks,
  fbnetChoices,
  fbnetCosts,
  fbnetEntries,
  fbnetLayerCount,
  fbnetSkip,
  sumKernels,
} from './blocks.ts';

export interface FbnetDevice extends SimulatedPrices, Irregularities {
  /** Extra time of a grouped block, in average blocks; negative where groups are a gain beyond their compute. */
  readonly shufflePrice: number;
  /** Time outside the searched layers, relative to the mean of the searched part. */
  readonly baseShare: number;
}

export function drawFbnetDevice(random: Random): FbnetDevice {
  return {
    ...drawKernelPrices(random),
    shufflePrice: random.next() < 0.7 ? random.uniform(-0.1, 0.5) : 0,
    ...drawIrregularities(random, fbnetLayerCount, fbnetChoices),
    baseShare: random.logUniform(0.02, 0.7),
  };
}

const logMacs = fbnetCosts.macs.map((table) => table.map(Math.log));
const logTraffic = fbnetCosts.traffic.map((table) => table.map(Math.log));
const weights = sumKernels(fbnetCosts.weights);
const grouped = fbnetBlocks.map((block) => 'groups' in block && block.groups > 1);

/** Time of each (layer, choice) in average blocks, [layer × fbnetChoices + choice]; 0 for `skip`. */
export function fbnetTimeTable(device: FbnetDevice): Float64Array {
  const compute = new Float64Array(fbnetEntries);
  const traffic = new Float64Array(fbnetEntries);
  const [expandMacs, depthwiseMacs, projectMacs] = logMacs as [Float64Array, Float64Array, Float64Array];
  const [expandTraffic, depthwiseTraffic, projectTraffic] = logTraffic as [Float64Array, Float64Array, Float64Array];
  const { computeExponent, trafficExponent, depthwisePrice } = device;
  for (let entry = 0; entry < fbnetEntries; entry++) {
    if (entry % fbnetChoices === fbnetSkip) continue;
    compute[entry] =
      Math.exp(computeExponent * expandMacs[entry]!) +
      depthwisePrice * Math.exp(computeExponent * depthwiseMacs[entry]!) +
      Math.exp(computeExponent * projectMacs[entry]!);
    traffic[entry] =
      Math.exp(trafficExponent * expandTraffic[entry]!) +
      Math.exp(trafficExponent * depthwiseTraffic[entry]!) +
      Math.exp(trafficExponent * projectTraffic[entry]!);
  }
  const computeScale = device.computeShare / blockMean(compute);
  const time = new Float64Array(fbnetEntries);
  for (let entry = 0; entry < fbnetEntries; entry++) {
    if (entry % fbnetChoices === fbnetSkip) continue;
    time[entry] =
      computeScale * compute[entry]! +
      device.trafficShare * traffic[entry]! +
      device.weightShare * weights[entry]! +
      device.launchShare;
  }
  const timeScale = 1 / blockMean(time);
  for (let entry = 0; entry < fbnetEntries; entry++) {
    const choice = entry % fbnetChoices;
    if (choice === fbnetSkip) continue;
    const shuffle = grouped[choice] ? device.shufflePrice : 0;
    const logFactor =
      device.choiceLogFactor[choice]! +
      device.layerLogFactor[(entry - choice) / fbnetChoices]! +
      device.entryLogFactor[entry]!;
    time[entry] = (timeScale * time[entry]! + shuffle) * Math.exp(logFactor);
  }
  return time;
}

/** Mean over every layer and choice but `skip`, whose entries are 0. */
function blockMean(table: Float64Array): number {
  return table.reduce((sum, value) => sum + value, 0) / (fbnetLayerCount * (fbnetChoices - 1));
}

/** Latency of each of `indices` into `architectures` on a device, in average blocks. The fixed part is relative to the
 * mean over `indices`. */
export function fbnetLatency(
  architectures: readonly Architecture[],
  device: FbnetDevice,
  indices: Int32Array,
): Float64Array {
  const time = fbnetTimeTable(device);
  const latency = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const architecture = architectures[indices[i]!]!;
    let sum = 0;
    for (let layer = 0; layer < fbnetLayerCount; layer++) sum += time[layer * fbnetChoices + architecture[layer]!]!;
    latency[i] = sum;
  }
  return addBase(latency, device.baseShare);
}

export function fbnetSimulator(architectures: readonly Architecture[]): DeviceSimulator {
  return { draw: (random, indices) => fbnetLatency(architectures, drawFbnetDevice(random), indices) };
}
