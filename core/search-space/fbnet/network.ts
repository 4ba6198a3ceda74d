// FBNet's networks (Wu et al. 2019, arXiv 1812.03443, tables 1 and 2, figure 3): stem, 22 searched layers, head. `skip`
// is nothing where the shape stays and a 1×1 convolution where it does not, as in the authors' code
// (github.com/facebookresearch/mobile-vision).
import type { Tensor } from '#core/graph/operator-graph.ts';
import type { Architecture } from '../architecture.ts';
import { invertedResidual } from '../network/inverted-residual.ts';
import type { ConvolutionOptions, Layers } from '../network/layers.ts';
import type { Block, Chain, SizedNetworks } from '../network/network.ts';
import { type FbnetLayer, fbnetBlocks, fbnetLayers } from './blocks.ts';

/** Side of the input in the paper, and in its table of layers, pixels. */
const usualSize = 224;
const stemChannels = 16;
/** As the networks have that the paper found for phones, FBNet-B and FBNet-C; FBNet-A has 1504. */
const headChannels = 1984;
const classes = 1000;

export const fbnetNetworks: SizedNetworks = {
  inputSizes: { usual: usualSize, smallest: 32, largest: 4096, step: 32 },
  chain: fbnetChain,
  operators: [],
};

function fbnetChain(architecture: Architecture, inputSize: number): Chain {
  const last = fbnetLayers.at(-1)!;
  const sideOf = (sizeAtUsual: number): number => inputSize / (usualSize / sizeAtUsual);
  return {
    name: 'fbnet',
    blocks: [
      stem(inputSize),
      ...fbnetLayers.flatMap((layer, l) => searchedOnce(l, architecture[l]!, sideOf(layer.inputSize))),
      head(last.outputChannels, sideOf(last.outputSize)),
    ],
  };
}

/** Blocks met so far, so that the same choice in the same place is the same object: at most some 25,000. */
const met = new Map<number, readonly Block[]>();

function searchedOnce(l: number, choice: number, size: number): readonly Block[] {
  const key = (size * fbnetLayers.length + l) * fbnetBlocks.length + choice;
  const blocks = met.get(key) ?? searched(fbnetLayers[l]!, choice, size);
  met.set(key, blocks);
  return blocks;
}

/** No block where `skip` has nothing to do. */
function searched(layer: FbnetLayer, choice: number, size: number): Block[] {
  const { inputChannels, outputChannels, stride } = layer;
  const block = fbnetBlocks[choice]!;
  const place = { name: `fbnet/${block.name} to ${outputChannels} stride ${stride}`, channels: inputChannels, size };
  if ('kernelSize' in block) {
    const { expansion, kernelSize, groups } = block;
    const shape = { channels: outputChannels, expansion, kernelSize, stride, groups, alwaysExpands: true };
    return [{ ...place, build: (layers, x) => invertedResidual(layers, x, { ...shape, activate: layers.relu }) }];
  }
  if (stride === 1 && outputChannels === inputChannels) return [];
  const shape = { channels: outputChannels, kernelSize: 1, stride };
  return [{ ...place, build: (layers, x) => convolutionBlock(layers, x, shape) }];
}

function stem(inputSize: number): Block {
  const shape = { channels: stemChannels, kernelSize: 3, stride: 2 };
  return {
    name: 'fbnet/stem',
    channels: 3,
    size: inputSize,
    build: (layers, x) => convolutionBlock(layers, x, shape),
  };
}

function head(channels: number, size: number): Block {
  return {
    name: 'fbnet/head',
    channels,
    size,
    build: (layers, x) => {
      const y = convolutionBlock(layers, x, { channels: headChannels, kernelSize: 1 });
      return layers.linear(layers.globalAveragePool(y), classes);
    },
  };
}

function convolutionBlock(layers: Layers, x: Tensor, shape: ConvolutionOptions): Tensor {
  return layers.relu(layers.batchNormalization(layers.convolution(x, shape)));
}
