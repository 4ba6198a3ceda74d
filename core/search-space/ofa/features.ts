// Once-for-All features (208), along the lines of FBNet's: which block stands where, then sums. A block's cost depends
// on the resolution, so the costs are given by stage too: products of resolution and block that a network need not
// learn.

import type { Architecture } from '../search-space.ts';
import {
  ofaAbsent,
  ofaBlockChoices,
  ofaBlockCost,
  ofaChoices,
  ofaEntries,
  ofaLargestResolution,
  ofaLevels,
  ofaResolutions,
  ofaSides,
  ofaSlotCount,
  ofaSlots,
  ofaStages,
} from './blocks.ts';
import { ofaBlockNames } from './text.ts';

const stageCount = ofaStages.length;

export const ofaFeatureNames: readonly string[] = [
  ...ofaSlots.flatMap(({ stage, position }) =>
    ofaBlockNames.map((name) => `stage${stage + 1}.block${position + 1}.${name}`),
  ),
  ...ofaBlockNames.map((name) => `count.${name}`),
  'blocks',
  'resolution',
  ...Array.from({ length: ofaLevels }, (_, level) => `pixels.level${level + 1}`),
  'macs',
  'traffic',
  ...ofaStages.map((_, stage) => `macs.stage${stage + 1}`),
  ...ofaStages.map((_, stage) => `traffic.stage${stage + 1}`),
];

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
export function encodeOfa(architectures: readonly Architecture[]): Float32Array {
  const width = ofaFeatureNames.length;
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
