// Once-for-All's networks at width 1.0 (Cai et al. 2020, arXiv 1908.09791; structure of the authors' OFAMobileNetV3,
// github.com/mit-han-lab/once-for-all, after MobileNetV3-Large, arXiv 1905.02244). The input size is the
// architecture's.
import type { Tensor } from '#core/graph/operator-graph.ts';
import type { Architecture } from '../architecture.ts';
import { invertedResidual } from '../network/inverted-residual.ts';
import type { ConvolutionOptions, Layers } from '../network/layers.ts';
import type { Block, Chain, SelfSizedNetworks } from '../network/network.ts';
import {
  type OfaSlot,
  ofaAbsent,
  ofaBlockChoices,
  ofaHead,
  ofaResolutions,
  ofaSides,
  ofaSlots,
  ofaStages,
  ofaStem,
  squeezeChannels,
} from './blocks.ts';

export const ofaNetworks: SelfSizedNetworks = { inputSizes: null, chain: ofaChain, operators: [] };

/** @param architecture index of the resolution, then one choice a slot: 0 absent, else 1 + index of the block. */
function ofaChain(architecture: Architecture): Chain {
  const resolution = ofaResolutions[architecture[0]!]!;
  const sides = ofaSides(resolution);
  return {
    name: 'ofa',
    blocks: [
      stem(resolution),
      firstBlock(sides[0]!),
      ...ofaSlots.flatMap((slot, s) => {
        const choice = architecture[1 + s]!;
        return choice === ofaAbsent ? [] : [searchedOnce(s, choice, sides[slot.inputLevel]!)];
      }),
      head(ofaSlots.at(-1)!.outputChannels, sides.at(-1)!),
    ],
  };
}

/** Blocks met so far, so that the same choice in the same place is the same object: at most some 5,000. */
const met = new Map<number, Block>();

function searchedOnce(s: number, choice: number, size: number): Block {
  const key = (size * ofaSlots.length + s) * (1 + ofaBlockChoices.length) + choice;
  const block = met.get(key) ?? searched(ofaSlots[s]!, choice, size);
  met.set(key, block);
  return block;
}

function searched(slot: OfaSlot, choice: number, size: number): Block {
  const { expansion, kernelSize } = ofaBlockChoices[choice - 1]!;
  const { activation } = ofaStages[slot.stage]!;
  const { inputChannels, outputChannels, squeezeExcite, stride } = slot;
  const gated = squeezeExcite ? ' gated' : '';
  const shape = { channels: outputChannels, expansion, kernelSize, stride, groups: 1, alwaysExpands: true };
  return {
    name: `ofa/k${kernelSize}e${expansion} ${activation}${gated} to ${outputChannels} stride ${stride}`,
    channels: inputChannels,
    size,
    build: (layers, x) =>
      invertedResidual(layers, x, {
        ...shape,
        activate: activation === 'relu' ? layers.relu : layers.hardSwish,
        ...(squeezeExcite ? { gate: (y: Tensor) => layers.squeezeExcite(y, squeezeChannels(y.shape[1]!)) } : {}),
      }),
  };
}

function stem(resolution: number): Block {
  const { channels, kernelSize, stride } = ofaStem;
  return {
    name: 'ofa/stem',
    channels: 3,
    size: resolution,
    build: (layers, x) => layers.hardSwish(normalized(layers, x, { channels, kernelSize, stride })),
  };
}

/** The block before the searched ones is fixed: 3×3 without expansion. */
function firstBlock(size: number): Block {
  const { channels } = ofaStem;
  const shape = { channels, expansion: 1, kernelSize: 3, stride: 1, groups: 1, alwaysExpands: false };
  return {
    name: 'ofa/first block',
    channels,
    size,
    build: (layers, x) => invertedResidual(layers, x, { ...shape, activate: layers.relu }),
  };
}

function head(channels: number, size: number): Block {
  return {
    name: 'ofa/head',
    channels,
    size,
    build: (layers, x) => {
      const expanded = layers.hardSwish(normalized(layers, x, { channels: ofaHead.expand, kernelSize: 1 }));
      const pooled = layers.globalAveragePool(expanded);
      const mixed = layers.hardSwish(layers.convolution(pooled, { channels: ofaHead.mix, kernelSize: 1 }));
      return layers.linear(mixed, ofaHead.classes);
    },
  };
}

function normalized(layers: Layers, x: Tensor, options: ConvolutionOptions): Tensor {
  return layers.batchNormalization(layers.convolution(x, options));
}
