// Once-for-All's networks at width 1.0 (Cai et al. 2020, arXiv 1908.09791; structure of the authors' OFAMobileNetV3,
// github.com/mit-han-lab/once-for-all, after MobileNetV3-Large, arXiv 1905.02244). The input size is the architecture's.
import {
  ofaAbsent,
  ofaBlockChoices,
  ofaHead,
  ofaResolutions,
  ofaSlots,
  ofaStages,
  ofaStem,
  squeezeChannels,
} from '../ofa-blocks.ts';
import type { Architecture } from '../search-space.ts';
import { invertedResidual } from './inverted-residual.ts';
import { type Feature, type Network, startNetwork } from './layers.ts';

/** @param architecture index of the resolution, then one choice a slot: 0 absent, else 1 + index of the block. */
export function ofaNetwork(architecture: Architecture, options: { batchSize: number; seed: number }): Network {
  const size = ofaResolutions[architecture[0]!]!;
  const { layers, input } = startNetwork({ ...options, name: 'ofa', channels: 3, size });
  const normalized = (x: Feature, channels: number, kernelSize: number, stride: number): Feature =>
    layers.batchNormalization(layers.convolution(x, { channels, kernelSize, stride }));
  let x = layers.hardSwish(normalized(input, ofaStem.channels, ofaStem.kernelSize, ofaStem.stride));
  // The first block is fixed: 3×3 without expansion.
  const fixed = { channels: ofaStem.channels, expansion: 1, kernelSize: 3, stride: 1, groups: 1, alwaysExpands: false };
  x = invertedResidual(layers, x, { ...fixed, activate: layers.relu });
  for (const [s, slot] of ofaSlots.entries()) {
    const choice = architecture[1 + s]!;
    if (choice === ofaAbsent) continue;
    const { expansion, kernelSize } = ofaBlockChoices[choice - 1]!;
    const { activation } = ofaStages[slot.stage]!;
    const shape = { channels: slot.outputChannels, expansion, kernelSize, stride: slot.stride, groups: 1 };
    x = invertedResidual(layers, x, {
      ...shape,
      alwaysExpands: true,
      activate: activation === 'relu' ? layers.relu : layers.hardSwish,
      ...(slot.squeezeExcite ? { gate: (y: Feature) => layers.squeezeExcite(y, squeezeChannels(y.channels)) } : {}),
    });
  }
  x = layers.globalAveragePool(layers.hardSwish(normalized(x, ofaHead.expand, 1, 1)));
  x = layers.hardSwish(layers.convolution(x, { channels: ofaHead.mix, kernelSize: 1 }));
  return layers.finish(layers.linear(x, ofaHead.classes));
}
