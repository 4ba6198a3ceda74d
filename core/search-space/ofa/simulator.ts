// Simulated devices for Once-for-All: as for FBNet a block's kernels pay for compute, activation traffic, weights and
// launches, here at the architecture's own resolution; squeeze-and-excitation is a kernel more where a stage has it,
// and stem and head, whose time changes with the resolution, are priced by the same list.
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
  ofaAbsent,
  ofaBlockChoices,
  ofaBlockCost,
  ofaChoices,
  ofaEntries,
  ofaHead,
  ofaLevels,
  ofaResolutions,
  ofaSides,
  ofaSlotCount,
  ofaSlots,
  ofaStem,
} from './blocks.ts';

export interface OfaDevice extends SimulatedPrices, Irregularities {
  /** Launches of squeeze-and-excitation relative to those of a block without it. */
  readonly gateLaunches: number;
  /** Launches of stem and head together relative to those of a block. */
  readonly fixedLaunches: number;
  /** Time that depends on nothing, relative to the mean of the rest. */
  readonly baseShare: number;
}

export function drawOfaDevice(random: Random): OfaDevice {
  return {
    ...drawKernelPrices(random),
    gateLaunches: random.logUniform(0.2, 3),
    fixedLaunches: random.logUniform(0.5, 6),
    ...drawIrregularities(random, ofaSlotCount, ofaChoices),
    baseShare: random.logUniform(0.02, 0.7),
  };
}

/** Prices are relative to the average block at this resolution, in the middle of the range. */
const referenceResolution = 176;

// A cost is (something of the channels) × (something of the pixels), so its power is a product as well: a draw needs
// powers of 180 entries and of 25 × 9 pixel counts instead of 25 × 180 entries.
/** Logarithms of the channel parts, [kernel][entry], from costs at one pixel in and out; −∞ where there is no
 * kernel. */
const logChannels = tabulateChannels();

function tabulateChannels() {
  const costs = ofaSlots.flatMap((slot) => ofaBlockChoices.map((choice) => ofaBlockCost(slot, choice, 1, 1)));
  const kernel = (of: 'macs' | 'traffic', index: number) =>
    Float64Array.from(costs, (cost) => Math.log(cost[of][index]!));
  return {
    macs: {
      expand: kernel('macs', 0),
      depthwise: kernel('macs', 1),
      project: kernel('macs', 2),
      gate: kernel('macs', 3),
    },
    traffic: {
      expand: kernel('traffic', 0),
      // The traffic of the depthwise kernel at one pixel counts that pixel twice, read and written.
      depthwise: kernel('traffic', 1).map((value) => value - Math.LN2),
      project: kernel('traffic', 2),
      gate: kernel('traffic', 3),
    },
  };
}

const weights = Float64Array.from(
  ofaSlots.flatMap((slot) =>
    ofaBlockChoices.map((choice) => ofaBlockCost(slot, choice, 1, 1).weights.reduce((a, b) => a + b)),
  ),
);
const weightMean = mean(weights);

/** Pairs of input and output level that occur, numbered by the sum of the two: (0,1), (1,1), (1,2), …, (4,4). */
const levelPairs = 2 * ofaLevels - 1;
const pairOfSlot = ofaSlots.map(({ inputLevel, outputLevel }) => inputLevel + outputLevel);
/** Logarithms of pixels, [resolution × levelPairs + pair]. */
const logPixels = tabulatePixels();

function tabulatePixels() {
  const table = (pixels: (input: number, output: number) => number) =>
    Float64Array.from(
      ofaResolutions.flatMap((resolution) => {
        const sides = ofaSides(resolution);
        return Array.from({ length: levelPairs }, (_, pair) => {
          const input = sides[Math.floor(pair / 2)]!;
          const output = sides[Math.ceil(pair / 2)]!;
          return Math.log(pixels(input ** 2, output ** 2));
        });
      }),
    );
  return { input: table((input) => input), output: table((_, output) => output), both: table((a, b) => a + b) };
}

/** Terms of a block's time: coefficients by entry times pixel powers by (resolution, pair), and a constant. */
const terms = 6;
const constantTerm = 5;

interface TimeModel {
  /** [entry × terms] */
  readonly coefficients: Float64Array;
  /** [(resolution × levelPairs + pair) × terms]; the constant term's is 1. */
  readonly pixelPowers: Float64Array;
  /** Time of stem and head by resolution. */
  readonly fixed: Float64Array;
}

function timeModel(device: OfaDevice): TimeModel {
  const { computeExponent, trafficExponent, depthwisePrice } = device;
  const compute = (logCost: number) => Math.exp(computeExponent * logCost);
  const traffic = (logCost: number) => Math.exp(trafficExponent * logCost);

  const pixelPowers = new Float64Array(ofaResolutions.length * levelPairs * terms);
  for (let row = 0; row < ofaResolutions.length * levelPairs; row++) {
    const at = row * terms;
    pixelPowers[at] = compute(logPixels.input[row]!);
    pixelPowers[at + 1] = compute(logPixels.output[row]!);
    pixelPowers[at + 2] = traffic(logPixels.input[row]!);
    pixelPowers[at + 3] = traffic(logPixels.both[row]!);
    pixelPowers[at + 4] = traffic(logPixels.output[row]!);
    pixelPowers[at + constantTerm] = 1;
  }

  const coefficients = new Float64Array(ofaEntries * terms);
  const gateCompute = new Float64Array(ofaEntries);
  const { macs: m, traffic: t } = logChannels;
  for (let entry = 0; entry < ofaEntries; entry++) {
    const at = entry * terms;
    coefficients[at] = compute(m.expand[entry]!);
    coefficients[at + 1] = depthwisePrice * compute(m.depthwise[entry]!) + compute(m.project[entry]!);
    coefficients[at + 2] = traffic(t.expand[entry]!);
    coefficients[at + 3] = traffic(t.depthwise[entry]!);
    coefficients[at + 4] = traffic(t.project[entry]!) + traffic(t.gate[entry]!);
    gateCompute[entry] = compute(m.gate[entry]!);
  }

  const reference = ofaResolutions.indexOf(referenceResolution);
  const computeScale = device.computeShare / meanAt(reference, [0, 1], gateCompute);
  const trafficScale = device.trafficShare / meanAt(reference, [2, 3, 4]);
  const weightScale = device.weightShare / weightMean;
  const launches = (slot: number) => 1 + (ofaSlots[slot]!.squeezeExcite ? device.gateLaunches : 0);
  const launchScale = device.launchShare / mean(Float64Array.from(ofaSlots.keys(), launches));
  for (let entry = 0; entry < ofaEntries; entry++) {
    const at = entry * terms;
    const choice = entry % ofaChoices;
    const slot = (entry - choice) / ofaChoices;
    const factor = Math.exp(
      device.choiceLogFactor[choice]! + device.layerLogFactor[slot]! + device.entryLogFactor[entry]!,
    );
    coefficients[at]! *= computeScale * factor;
    coefficients[at + 1]! *= computeScale * factor;
    coefficients[at + 2]! *= trafficScale * factor;
    coefficients[at + 3]! *= trafficScale * factor;
    coefficients[at + 4]! *= trafficScale * factor;
    coefficients[at + constantTerm] =
      factor * (computeScale * gateCompute[entry]! + weightScale * weights[entry]! + launchScale * launches(slot));
  }

  const fixed = Float64Array.from(ofaResolutions, (resolution) => {
    const { convolutionMacs, depthwiseMacs, traffic: elements, weights: fixedWeights } = fixedCost(resolution);
    const computeTime =
      convolutionMacs.reduce((sum, macs) => sum + macs ** computeExponent, 0) +
      depthwisePrice * depthwiseMacs ** computeExponent;
    return (
      computeScale * computeTime +
      trafficScale * elements.reduce((sum, count) => sum + count ** trafficExponent, 0) +
      weightScale * fixedWeights +
      launchScale * device.fixedLaunches
    );
  });
  return { coefficients, pixelPowers, fixed };

  /** Mean over all slots and choices of the sum of some terms (and an addend of the entry) at one resolution. */
  function meanAt(resolution: number, which: readonly number[], addend?: Float64Array): number {
    let total = 0;
    for (let entry = 0; entry < ofaEntries; entry++) {
      const row = resolution * levelPairs + pairOfSlot[Math.floor(entry / ofaChoices)]!;
      for (const term of which) total += coefficients[entry * terms + term]! * pixelPowers[row * terms + term]!;
      total += addend?.[entry] ?? 0;
    }
    return total / ofaEntries;
  }
}

/** Stem, first block and head, kernel by kernel; the three 1×1 layers of the head act on one pixel but the first. */
function fixedCost(resolution: number) {
  const sides = ofaSides(resolution);
  const [early, late] = [sides[0]! ** 2, sides.at(-1)! ** 2];
  const { channels, kernelSize } = ofaStem;
  const last = ofaSlots.at(-1)!.outputChannels;
  const { expand, mix, classes } = ofaHead;
  const stemWeights = 3 * channels * kernelSize ** 2;
  const depthwiseWeights = channels * 3 ** 2;
  return {
    convolutionMacs: [stemWeights * early, channels ** 2 * early, last * expand * late, expand * mix, mix * classes],
    depthwiseMacs: depthwiseWeights * early,
    traffic: [
      3 * resolution ** 2 + channels * early,
      2 * channels * early,
      2 * channels * early,
      (last + expand) * late,
      expand * late + expand,
      expand + mix,
      mix + classes,
    ],
    weights: stemWeights + depthwiseWeights + channels ** 2 + last * expand + expand * mix + mix * classes,
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Latency of each of `indices` into `architectures` on a device, in average blocks. The fixed part is relative to the
 * mean over `indices`. */
export function ofaLatency(
  architectures: readonly Architecture[],
  device: OfaDevice,
  indices: Int32Array,
): Float64Array {
  const { coefficients, pixelPowers, fixed } = timeModel(device);
  const latency = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const architecture = architectures[indices[i]!]!;
    const resolution = architecture[0]!;
    let sum = fixed[resolution]!;
    for (let slot = 0; slot < ofaSlotCount; slot++) {
      const choice = architecture[slot + 1]!;
      if (choice === ofaAbsent) continue;
      const entry = (slot * ofaChoices + choice - 1) * terms;
      const pixels = (resolution * levelPairs + pairOfSlot[slot]!) * terms;
      for (let term = 0; term < terms; term++) sum += coefficients[entry + term]! * pixelPowers[pixels + term]!;
    }
    latency[i] = sum;
  }
  return addBase(latency, device.baseShare);
}

export function ofaSimulator(architectures: readonly Architecture[]): DeviceSimulator {
  return { draw: (random, indices) => ofaLatency(architectures, drawOfaDevice(random), indices) };
}
