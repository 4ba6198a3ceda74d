// FBNet's networks (Wu et al. 2019, arXiv 1812.03443, tables 1 and 2, figure 3): stem, 22 searched layers, head. `skip`
// is nothing where the shape stays and a 1×1 convolution where it does not, as in the authors' code
// (github.com/facebookresearch/mobile-vision).
import { DomainError } from '#core/errors.ts';
import { fbnetBlocks, fbnetLayers } from '../fbnet-blocks.ts';
import type { Architecture } from '../search-space.ts';
import { invertedResidual } from './inverted-residual.ts';
import { type Feature, type Layers, type Network, startNetwork } from './layers.ts';

export interface FbnetOptions {
  /** Side of the square RGB input, pixels: a multiple of 32; the paper has 224. */
  readonly inputSize: number;
  readonly batchSize: number;
  readonly seed: number;
}

const stemChannels = 16;
/** Of the networks that the paper found for phones, FBNet-B and FBNet-C; FBNet-A has 1504. */
const headChannels = 1984;
const classes = 1000;

export function fbnetNetwork(architecture: Architecture, options: FbnetOptions): Network {
  const { inputSize } = options;
  if (!Number.isInteger(inputSize) || inputSize < 32 || inputSize > 4096 || inputSize % 32 !== 0) {
    throw new DomainError('invalid-request', `input size ${inputSize} of fbnet; allowed: 32 to 4096 in steps of 32`);
  }
  const { layers, input } = startNetwork({ ...options, name: 'fbnet', channels: 3, size: inputSize });
  let x = convolutionBlock(layers, input, { channels: stemChannels, kernelSize: 3, stride: 2 });
  for (const [l, layer] of fbnetLayers.entries()) {
    const block = fbnetBlocks[architecture[l]!]!;
    const { outputChannels: channels, stride } = layer;
    if ('kernelSize' in block) {
      const { expansion, kernelSize, groups } = block;
      const shape = { channels, expansion, kernelSize, stride, groups, alwaysExpands: true };
      x = invertedResidual(layers, x, { ...shape, activate: layers.relu });
    } else if (stride !== 1 || channels !== x.channels) {
      x = convolutionBlock(layers, x, { channels, kernelSize: 1, stride });
    }
  }
  x = convolutionBlock(layers, x, { channels: headChannels, kernelSize: 1, stride: 1 });
  return layers.finish(layers.linear(layers.globalAveragePool(x), classes));
}

function convolutionBlock(
  layers: Layers,
  x: Feature,
  shape: { channels: number; kernelSize: number; stride: number },
): Feature {
  return layers.relu(layers.batchNormalization(layers.convolution(x, shape)));
}
