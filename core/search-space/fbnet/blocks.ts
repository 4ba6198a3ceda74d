// The FBNet space (Wu et al. 2019, arXiv 1812.03443, tables 1 and 2): 22 searched layers, nine candidate blocks each.
// Input 224×224; the stem brings it to 16 channels at 112×112.

interface FbnetBlock {
  readonly name: string;
  readonly kernelSize: number;
  readonly expansion: number;
  /** Groups of the 1×1 convolutions; with 2 a channel shuffle follows the expansion. */
  readonly groups: number;
}

const searchedBlocks: readonly FbnetBlock[] = [
  { name: 'k3_e1', kernelSize: 3, expansion: 1, groups: 1 },
  { name: 'k3_e1_g2', kernelSize: 3, expansion: 1, groups: 2 },
  { name: 'k3_e3', kernelSize: 3, expansion: 3, groups: 1 },
  { name: 'k3_e6', kernelSize: 3, expansion: 6, groups: 1 },
  { name: 'k5_e1', kernelSize: 5, expansion: 1, groups: 1 },
  { name: 'k5_e1_g2', kernelSize: 5, expansion: 1, groups: 2 },
  { name: 'k5_e3', kernelSize: 5, expansion: 3, groups: 1 },
  { name: 'k5_e6', kernelSize: 5, expansion: 6, groups: 1 },
];

/** In the order of an architecture's choice indices; `skip` is last and has no block. */
export const fbnetBlocks: readonly (FbnetBlock | { readonly name: 'skip' })[] = [...searchedBlocks, { name: 'skip' }];
export const fbnetBlockNames: readonly string[] = fbnetBlocks.map(({ name }) => name);

export interface FbnetLayer {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly stride: number;
  /** Side of the square input and output, in pixels. */
  readonly inputSize: number;
  readonly outputSize: number;
}

const stem = { outputChannels: 16, outputSize: 112 };

const stages = [
  { channels: 16, layers: 1, stride: 1 },
  { channels: 24, layers: 4, stride: 2 },
  { channels: 32, layers: 4, stride: 2 },
  { channels: 64, layers: 4, stride: 2 },
  { channels: 112, layers: 4, stride: 1 },
  { channels: 184, layers: 4, stride: 2 },
  { channels: 352, layers: 1, stride: 1 },
];

/** The searched layers from input to output; a stage's stride is that of its first layer. */
export const fbnetLayers: readonly FbnetLayer[] = buildLayers();

function buildLayers(): FbnetLayer[] {
  const built: FbnetLayer[] = [];
  let { outputChannels: inputChannels, outputSize: inputSize } = stem;
  for (const { channels: outputChannels, layers, stride: stageStride } of stages) {
    for (let i = 0; i < layers; i++) {
      const stride = i === 0 ? stageStride : 1;
      const outputSize = inputSize / stride;
      built.push({ inputChannels, outputChannels, stride, inputSize, outputSize });
      inputChannels = outputChannels;
      inputSize = outputSize;
    }
  }
  return built;
}

export const fbnetLayerCount = fbnetLayers.length;
