// The search space `ofa`: Once-for-All MobileNetV3 for ImageNet, an input resolution and five stages of two to four
// blocks, each with a kernel size and an expansion. Text: `r<resolution>|k<kernel>e<expansion>-…|…`, a part a stage.
import type { Random } from '#core/random.ts';
import { invalidArchitecture } from './invalid-architecture.ts';
import {
  ofaAbsent,
  ofaBlockChoices,
  ofaBlockCost,
  ofaChoices,
  ofaEntries,
  ofaLargestResolution,
  ofaLevels,
  ofaMaxDepth,
  ofaMinDepth,
  ofaResolutions,
  ofaSides,
  ofaSlotCount,
  ofaSlots,
  ofaStages,
} from './ofa-blocks.ts';
import { ofaSimulator } from './ofa-simulator.ts';
import type { Architecture, SearchSpace } from './search-space.ts';

// An architecture is [index of the resolution, choice of slot 1, …, choice of slot 20]: 0 for an absent block, else
// 1 + index into ofaBlockChoices. Absent blocks are the last of their stage.
const title = 'Once-for-All';
const stageCount = ofaStages.length;
const blockNames = ofaBlockChoices.map(({ kernelSize, expansion }) => `k${kernelSize}e${expansion}`);
const choiceOf = new Map(blockNames.map((name, index) => [name, index + 1]));
const resolutionOf = new Map(ofaResolutions.map((resolution, index) => [`r${resolution}`, index]));
const allowedResolutions = `r${ofaResolutions[0]} to r${ofaLargestResolution} in steps of 4`;

const featureNames: readonly string[] = [
  ...ofaSlots.flatMap(({ stage, position }) =>
    blockNames.map((name) => `stage${stage + 1}.block${position + 1}.${name}`),
  ),
  ...blockNames.map((name) => `count.${name}`),
  'blocks',
  'resolution',
  ...Array.from({ length: ofaLevels }, (_, level) => `pixels.level${level + 1}`),
  'macs',
  'traffic',
  ...ofaStages.map((_, stage) => `macs.stage${stage + 1}`),
  ...ofaStages.map((_, stage) => `traffic.stage${stage + 1}`),
];

export const ofa: SearchSpace = {
  id: 'ofa',
  title,
  example: 'r204|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4-k5e3',
  featureNames,
  parse,
  format,
  encode,
  isConnected: () => true,
  sample,
  simulator: ofaSimulator,
};

function parse(text: string): Architecture {
  const [resolution = '', ...stages] = text.split('|');
  if (stages.length !== stageCount) {
    throw invalidArchitecture(title, 'the text', text, `r<resolution> and ${stageCount} stages joined by "|"`);
  }
  const architecture = new Uint8Array(1 + ofaSlotCount);
  const index = resolutionOf.get(resolution);
  if (index === undefined) throw invalidArchitecture(title, 'the resolution', resolution, allowedResolutions);
  architecture[0] = index;
  for (const [stage, part] of stages.entries()) {
    const blocks = part.split('-');
    if (blocks.length < ofaMinDepth || blocks.length > ofaMaxDepth) {
      const allowed = `${ofaMinDepth} to ${ofaMaxDepth} blocks joined by "-"`;
      throw invalidArchitecture(title, `stage ${stage + 1}`, part, allowed);
    }
    for (const [position, block] of blocks.entries()) {
      const choice = choiceOf.get(block);
      if (choice === undefined) {
        throw invalidArchitecture(title, `stage ${stage + 1} block ${position + 1}`, block, blockNames.join(', '));
      }
      architecture[1 + stage * ofaMaxDepth + position] = choice;
    }
  }
  return architecture;
}

function format(architecture: Architecture): string {
  const stages = ofaStages.map((_, stage) => {
    const start = 1 + stage * ofaMaxDepth;
    const present = architecture.subarray(start, start + ofaMaxDepth).filter((choice) => choice !== ofaAbsent);
    return Array.from(present, (choice) => blockNames[choice - 1]!).join('-');
  });
  return [`r${ofaResolutions[architecture[0]!]}`, ...stages].join('|');
}

function sample(random: Random): Architecture {
  const architecture = new Uint8Array(1 + ofaSlotCount);
  architecture[0] = random.integer(ofaResolutions.length);
  for (let stage = 0; stage < stageCount; stage++) {
    const depth = ofaMinDepth + random.integer(ofaMaxDepth - ofaMinDepth + 1);
    for (let position = 0; position < depth; position++) {
      architecture[1 + stage * ofaMaxDepth + position] = 1 + random.integer(ofaChoices);
    }
  }
  return architecture;
}

/** MACs and traffic of every block at every resolution, [resolution × ofaEntries + entry], in units of the mean block
 * at the largest resolution. */
const { macs, traffic } = tabulateCosts();

function tabulateCosts(): { macs: Float64Array; traffic: Float64Array } {
  const costs = ofaResolutions.flatMap((resolution) => {
    const sides = ofaSides(resolution);
    return ofaSlots.flatMap((slot) =>
      ofaBlockChoices.map((choice) => ofaBlockCost(slot, choice, sides[slot.inputLevel]!, sides[slot.outputLevel]!)),
    );
  });
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b);
  const normalised = (table: Float64Array) => {
    const unit = table.slice(-ofaEntries).reduce((a, b) => a + b) / ofaEntries;
    return table.map((value) => value / unit);
  };
  return {
    macs: normalised(Float64Array.from(costs, (cost) => sum(cost.macs))),
    traffic: normalised(Float64Array.from(costs, (cost) => sum(cost.traffic))),
  };
}

/** Pixels of a level relative to those at the largest resolution, by resolution. */
const pixels = ofaResolutions.map((resolution) => {
  const largest = ofaSides(ofaLargestResolution);
  return ofaSides(resolution).map((side, level) => (side / largest[level]!) ** 2);
});

/** One-hot of every slot (zeros where absent), how often each block occurs and how many there are, the resolution and
 * the pixels it leaves at each level, and the costs in all and by stage, since resolution and blocks multiply. */
function encode(architectures: readonly Architecture[]): Float32Array {
  const width = featureNames.length;
  const features = new Float32Array(architectures.length * width);
  const stageMacs = new Float64Array(stageCount);
  const stageTraffic = new Float64Array(stageCount);
  for (const [row, architecture] of architectures.entries()) {
    const start = row * width;
    const counts = start + ofaEntries;
    const resolution = architecture[0]!;
    let blocks = 0;
    stageMacs.fill(0);
    stageTraffic.fill(0);
    for (let slot = 0; slot < ofaSlotCount; slot++) {
      const choice = architecture[1 + slot]!;
      if (choice === ofaAbsent) continue;
      const entry = slot * ofaChoices + choice - 1;
      const stage = ofaSlots[slot]!.stage;
      features[start + entry] = 1;
      features[counts + choice - 1]!++;
      stageMacs[stage]! += macs[resolution * ofaEntries + entry]!;
      stageTraffic[stage]! += traffic[resolution * ofaEntries + entry]!;
      blocks++;
    }
    const sums = counts + ofaChoices;
    features.set([blocks, ofaResolutions[resolution]! / ofaLargestResolution, ...pixels[resolution]!], sums);
    const costs = sums + 2 + ofaLevels;
    features[costs] = stageMacs.reduce((a, b) => a + b);
    features[costs + 1] = stageTraffic.reduce((a, b) => a + b);
    features.set(stageMacs, costs + 2);
    features.set(stageTraffic, costs + 2 + stageCount);
  }
  return features;
}
