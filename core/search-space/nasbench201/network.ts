// NAS-Bench-201's networks (Dong and Yang 2020, arXiv 2001.00326, section 2.1 and figure 1): a stem, three stages of
// five equal cells at 16, 32 and 64 channels with a residual block of stride 2 between them, and a classifier. And its
// operators and backbone blocks alone, for a hardware-runtime descriptor.
import type { Tensor } from '#core/graph/operator-graph.ts';
import type { Architecture } from '../architecture.ts';
import type { Layers } from '../network/layers.ts';
import type { Block, Chain, DescriptorOperator, SizedNetworks } from '../network/network.ts';
import { formatCell, nasbench201Edges, nasbench201Operations } from './cell.ts';

type Operation = (typeof nasbench201Operations)[number];

/** Channels of the three stages; stage s (from 0) works at inputSize / 2^s. */
const stageChannels = [16, 32, 64] as const;
const [c1, c2, c3] = stageChannels;
const cellsPerStage = 5;
const classes = 10;

export const nasbench201Networks: SizedNetworks = {
  inputSizes: { usual: 32, smallest: 4, largest: 4096, step: 4 },
  chain: cellChain,
  operators: descriptorOperators(),
};

/** The 5 × 3 operators and 6 backbone blocks of MAPLE-Edge (arXiv 2204.12950; keys of saeejithnair/maple-edge, there
 * fixed to input 224: 224/16, 112/32, 56/64). A stage is named by its place (its input size follows from the
 * network's), so that one list serves every input size. */
function descriptorOperators(): readonly DescriptorOperator<number>[] {
  const operation = (stage: number, channels: number, name: Operation): DescriptorOperator<number> => ({
    key: `stage${stage + 1}/${name}`,
    block: (inputSize) => ({
      name: `nasbench201/${name}`,
      channels,
      size: inputSize / 2 ** stage,
      build: (layers, x) => operate(layers, x, name),
    }),
  });
  return [
    ...stageChannels.flatMap((channels, stage) =>
      nasbench201Operations.map((name) => operation(stage, channels, name)),
    ),
    { key: 'backbone/stem', block: stem },
    { key: 'backbone/resblock1', block: (inputSize) => reduction(c1, inputSize, c2) },
    { key: 'backbone/resblock2', block: (inputSize) => reduction(c2, inputSize / 2, c3) },
    { key: 'backbone/pool', block: (inputSize) => pool(inputSize / 4) },
    { key: 'backbone/lastact', block: (inputSize) => lastActivation(inputSize / 4) },
    { key: 'backbone/classifier', block: classifier },
  ];
}

/** The whole network. Like the authors' code it computes every edge of the cell, also those that lead nowhere, and
 * `none` as a product with zero. */
function cellChain(cell: Architecture, inputSize: number): Chain {
  const name = `nasbench201/cell ${formatCell(cell)}`;
  const operations = Array.from(cell, (choice) => nasbench201Operations[choice]!);
  const build = (layers: Layers, x: Tensor): Tensor => computeCell(layers, x, operations);
  const stage = (channels: number, size: number): Block[] =>
    new Array<Block>(cellsPerStage).fill({ name, channels, size, build });
  return {
    name: 'nasbench201',
    blocks: [
      stem(inputSize),
      ...stage(c1, inputSize),
      reduction(c1, inputSize, c2),
      ...stage(c2, inputSize / 2),
      reduction(c2, inputSize / 2, c3),
      ...stage(c3, inputSize / 4),
      lastActivation(inputSize / 4),
      pool(inputSize / 4),
      classifier(),
    ],
  };
}

function computeCell(layers: Layers, input: Tensor, operations: readonly Operation[]): Tensor {
  const nodes: (Tensor | undefined)[] = [input];
  for (const [edge, { from, to }] of nasbench201Edges.entries()) {
    const y = operate(layers, nodes[from]!, operations[edge]!);
    const sum = nodes[to];
    nodes[to] = sum === undefined ? y : layers.add(sum, y);
  }
  return nodes[3]!;
}

function operate(layers: Layers, x: Tensor, operation: Operation): Tensor {
  switch (operation) {
    case 'none':
      return layers.zero(x);
    case 'skip_connect':
      return layers.identity(x);
    case 'nor_conv_1x1':
      return activatedConvolution(layers, x, { channels: x.shape[1]!, kernelSize: 1 });
    case 'nor_conv_3x3':
      return activatedConvolution(layers, x, { channels: x.shape[1]!, kernelSize: 3 });
    case 'avg_pool_3x3':
      return layers.averagePool(x, { kernelSize: 3, stride: 1, padding: 1 });
  }
}

/** ReLU, convolution, batch normalisation: the order of the paper. */
function activatedConvolution(
  layers: Layers,
  x: Tensor,
  shape: { channels: number; kernelSize: number; stride?: number },
): Tensor {
  return layers.batchNormalization(layers.convolution(layers.relu(x), shape));
}

function stem(inputSize: number): Block {
  return {
    name: 'nasbench201/stem',
    channels: 3,
    size: inputSize,
    build: (layers, x) => layers.batchNormalization(layers.convolution(x, { channels: c1, kernelSize: 3 })),
  };
}

/** Residual block of stride 2; its shortcut is a 2×2 average pool and a 1×1 convolution without normalisation. */
function reduction(inputChannels: number, size: number, channels: number): Block {
  return {
    name: `nasbench201/reduction to ${channels}`,
    channels: inputChannels,
    size,
    build: (layers, x) => {
      const a = activatedConvolution(layers, x, { channels, kernelSize: 3, stride: 2 });
      const b = activatedConvolution(layers, a, { channels, kernelSize: 3 });
      const shortcut = layers.averagePool(x, { kernelSize: 2, stride: 2, padding: 0 });
      return layers.add(layers.convolution(shortcut, { channels, kernelSize: 1 }), b);
    },
  };
}

function lastActivation(size: number): Block {
  const build = (layers: Layers, x: Tensor): Tensor => layers.relu(layers.batchNormalization(x));
  return { name: 'nasbench201/last activation', channels: c3, size, build };
}

function pool(size: number): Block {
  return { name: 'nasbench201/pool', channels: c3, size, build: (layers, x) => layers.globalAveragePool(x) };
}

function classifier(): Block {
  const build = (layers: Layers, x: Tensor): Tensor => layers.linear(x, classes);
  return { name: 'nasbench201/classifier', channels: c3, size: 1, build };
}
