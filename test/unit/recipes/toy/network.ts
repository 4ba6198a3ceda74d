// The toy's networks: a stem of stride 2 to 8 channels, the layers, a classifier of 10 classes.
import type { Tensor } from '#core/graph/operator-graph.ts';
import type { Layers } from '#core/search-space/network/layers.ts';
import type { Block, SizedNetworks } from '#core/search-space/network/network.ts';

export const toyLayers = ['conv1', 'conv3', 'pool3', 'skip'] as const;
type ToyLayer = (typeof toyLayers)[number];

const channels = 8;

export const toyNetworks: SizedNetworks = {
  inputSizes: { usual: 16, smallest: 4, largest: 64, step: 2 },
  chain: (architecture, inputSize) => ({
    name: 'toy',
    blocks: [
      {
        name: 'toy/stem',
        channels: 3,
        size: inputSize,
        build: (layers, x) => layers.relu(layers.convolution(x, { channels, kernelSize: 3, stride: 2 })),
      },
      ...Array.from(architecture, (choice) => toyLayers[choice]!)
        .filter((name) => name !== 'skip')
        .map((name) => layer(name, inputSize / 2)),
      {
        name: 'toy/classifier',
        channels,
        size: inputSize / 2,
        build: (layers, x) => layers.linear(layers.globalAveragePool(x), 10),
      },
    ],
  }),
  operators: [
    { key: 'layer/conv3', block: (inputSize) => layer('conv3', inputSize / 2) },
    { key: 'layer/pool3', block: (inputSize) => layer('pool3', inputSize / 2) },
  ],
};

function layer(name: Exclude<ToyLayer, 'skip'>, size: number): Block {
  return { name: `toy/${name}`, channels, size, build: (layers, x) => compute(layers, x, name) };
}

function compute(layers: Layers, x: Tensor, name: Exclude<ToyLayer, 'skip'>): Tensor {
  if (name === 'pool3') return layers.averagePool(x, { kernelSize: 3, stride: 1, padding: 1 });
  return layers.relu(layers.convolution(x, { channels, kernelSize: name === 'conv1' ? 1 : 3 }));
}
