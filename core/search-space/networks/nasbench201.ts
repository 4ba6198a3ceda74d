// NAS-Bench-201's networks (Dong and Yang 2020, arXiv 2001.00326, section 2.1 and figure 1): a stem, three stages of five
// equal cells at 16, 32 and 64 channels with a residual block of stride 2 between them, and a classifier. And its
// operators and backbone blocks alone, for a hardware-runtime descriptor.
import { nasbench201StageChannels } from '#core/descriptor/operators.ts';
import { DomainError } from '#core/errors.ts';
import { nasbench201Edges, nasbench201Operations } from '../nasbench201-cell.ts';
import type { Architecture } from '../search-space.ts';
import { type Feature, type Layers, type Network, startNetwork } from './layers.ts';

export interface Nasbench201Options {
  /** Side of the square RGB input, pixels: a multiple of 4. */
  readonly inputSize: number;
  readonly batchSize: number;
  readonly seed: number;
}

type Operation = (typeof nasbench201Operations)[number];

const cellsPerStage = 5;
const classes = 10;

/** The whole network. Like the authors' code it computes every edge of the cell, also those that lead nowhere, and
 * `none` as a product with zero. */
export function nasbench201Network(cell: Architecture, options: Nasbench201Options): Network {
  checkInputSize(options.inputSize);
  const { layers, input } = startNetwork({ ...options, name: 'nasbench201', channels: 3, size: options.inputSize });
  const operations = Array.from(cell, (choice) => nasbench201Operations[choice]!);
  let x = stem(layers, input);
  for (const [stage, channels] of nasbench201StageChannels.entries()) {
    if (stage > 0) x = reduction(layers, x, channels);
    for (let i = 0; i < cellsPerStage; i++) x = computeCell(layers, x, operations);
  }
  return layers.finish(layers.linear(layers.globalAveragePool(lastActivation(layers, x)), classes));
}

/** One operator of the descriptor as a network. @param key such as `stage2/nor_conv_3x3` or `backbone/stem`
 * @throws DomainError `invalid-request` when there is no such operator */
export function nasbench201Operator(key: string, options: Nasbench201Options): Network {
  checkInputSize(options.inputSize);
  const start = (channels: number, size: number) =>
    startNetwork({ ...options, name: key.replace('/', '_'), channels, size });
  const alone = (channels: number, size: number, block: (layers: Layers, x: Feature) => Feature): Network => {
    const { layers, input } = start(channels, size);
    return layers.finish(block(layers, input));
  };
  const [c1, c2, c3] = nasbench201StageChannels;
  const side = options.inputSize;
  const [group, name] = key.split('/');
  const stage = /^stage([123])$/.exec(group ?? '')?.[1];
  if (stage !== undefined && nasbench201Operations.includes(name as Operation)) {
    const index = Number(stage) - 1;
    const channels = nasbench201StageChannels[index]!;
    return alone(channels, side / 2 ** index, (layers, x) => operate(layers, x, name as Operation));
  }
  switch (key) {
    case 'backbone/stem':
      return alone(3, side, stem);
    case 'backbone/resblock1':
      return alone(c1, side, (layers, x) => reduction(layers, x, c2));
    case 'backbone/resblock2':
      return alone(c2, side / 2, (layers, x) => reduction(layers, x, c3));
    case 'backbone/pool':
      return alone(c3, side / 4, (layers, x) => layers.globalAveragePool(x));
    case 'backbone/lastact':
      return alone(c3, side / 4, lastActivation);
    case 'backbone/classifier':
      return alone(c3, 1, (layers, x) => layers.linear(x, classes));
    default:
      throw new DomainError('invalid-request', `nasbench201 has no operator '${key}'; such as: stage1/nor_conv_3x3`);
  }
}

function stem(layers: Layers, input: Feature): Feature {
  return layers.batchNormalization(layers.convolution(input, { channels: nasbench201StageChannels[0], kernelSize: 3 }));
}

function computeCell(layers: Layers, input: Feature, operations: readonly Operation[]): Feature {
  const nodes: (Feature | undefined)[] = [input];
  for (const [edge, { from, to }] of nasbench201Edges.entries()) {
    const y = operate(layers, nodes[from]!, operations[edge]!);
    const sum = nodes[to];
    nodes[to] = sum === undefined ? y : layers.add(sum, y);
  }
  return nodes[3]!;
}

function operate(layers: Layers, x: Feature, operation: Operation): Feature {
  switch (operation) {
    case 'none':
      return layers.zero(x);
    case 'skip_connect':
      return layers.identity(x);
    case 'nor_conv_1x1':
      return activatedConvolution(layers, x, x.channels, 1);
    case 'nor_conv_3x3':
      return activatedConvolution(layers, x, x.channels, 3);
    case 'avg_pool_3x3':
      return layers.averagePool(x, { kernelSize: 3, stride: 1, padding: 1 });
  }
}

/** ReLU, convolution, batch normalisation: the order of the paper. */
function activatedConvolution(layers: Layers, x: Feature, channels: number, kernelSize: number, stride = 1): Feature {
  return layers.batchNormalization(layers.convolution(layers.relu(x), { channels, kernelSize, stride }));
}

/** Residual block of stride 2; its shortcut is a 2×2 average pool and a 1×1 convolution without normalisation. */
function reduction(layers: Layers, x: Feature, channels: number): Feature {
  const a = activatedConvolution(layers, x, channels, 3, 2);
  const b = activatedConvolution(layers, a, channels, 3);
  const shortcut = layers.averagePool(x, { kernelSize: 2, stride: 2, padding: 0 });
  return layers.add(layers.convolution(shortcut, { channels, kernelSize: 1 }), b);
}

function lastActivation(layers: Layers, x: Feature): Feature {
  return layers.relu(layers.batchNormalization(x));
}

function checkInputSize(inputSize: number): void {
  if (Number.isInteger(inputSize) && inputSize >= 4 && inputSize <= 4096 && inputSize % 4 === 0) return;
  throw new DomainError('invalid-request', `input size ${inputSize} of nasbench201; allowed: 4 to 4096 in steps of 4`);
}
