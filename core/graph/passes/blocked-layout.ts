// Convolutions and pools on maps whose channels stand in blocks of 8 or 16 (ONNX Runtime's NCHWc): what neighbours them
// stays blocked where it can, a convolution takes over a following sum and activation, batch normalisation becomes a
// depthwise 1×1, and reorders stand where a blocked map meets a node that wants it plain.
import {
  numberAttribute,
  numbersAttribute,
  sameShape,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';

import { isForEachChannel } from './fold-batch-normalization.ts';

export interface BlockedLayoutOptions {
  /** Channels in a block: 16 with AVX-512, 8 with AVX and AVX2 (MLAS). */
  readonly block: number;
}

/** The blocked form of a map that a node makes. */
interface Blocked {
  readonly tensor: WorkingTensor;
  readonly node: WorkingNode;
  /** Uses of the plain map before anything was blocked, and those that still want it plain. */
  readonly startingUses: number;
  remainingUses: number;
  readonly channels: number;
}

/** Channels that are no multiple of this cannot be reordered. */
const alignment = 4;

/** Run inside a convolution, or on blocks where its maker is none. */
const activations = new Set(['Relu', 'Sigmoid', 'Tanh']);
/** Run on blocks, never inside a convolution. */
const elementwise = new Set(['Gelu', 'QuickGelu']);

/** Moves convolutions, pools and what follows them to blocked layouts, with reorders where a neighbour has none. The
 * graph is changed. */
export function blockedLayout(graph: WorkingGraph, options: BlockedLayoutOptions): void {
  new BlockedLayout(graph, options.block).run();
}

const isFromChannelsLast = (node: WorkingNode): boolean =>
  node.operator === 'Transpose' && sameShape(numbersAttribute(node, 'perm') ?? [], [0, 3, 1, 2]);

class BlockedLayout {
  readonly #graph: WorkingGraph;
  readonly #block: number;
  /** By the plain tensor. */
  readonly #blocked = new Map<WorkingTensor, Blocked>();
  readonly #reordered = new Map<WorkingTensor, WorkingTensor>();

  constructor(graph: WorkingGraph, block: number) {
    this.#graph = graph;
    this.#block = block;
  }

  run(): void {
    for (const node of [...this.#graph.nodes]) if (!node.removed) this.#visit(node);
    for (const [plain, { tensor, node, remainingUses, channels }] of this.#blocked) {
      if (remainingUses === 0) continue;
      this.#graph.add('ReorderOutput', [tensor], [plain], {
        sources: node.sources,
        domain: 'com.microsoft.nchwc',
        attributes: { channels },
      }).blocked = true;
    }
    for (const node of this.#graph.nodes) {
      const output = node.outputs[0];
      if (isFromChannelsLast(node) && output?.consumers.uses === 0 && !output.output) this.#graph.remove(node);
    }
    this.#graph.sort();
  }

  #visit(node: WorkingNode): void {
    const { operator } = node;
    if (operator === 'Conv') this.#convolution(node);
    else if (operator === 'MaxPool' || operator === 'AveragePool') this.#pool(node);
    else if (operator === 'Mul' && this.#channelScale(node)) return;
    else if (!this.#allBlocked(node)) return;
    else if (operator === 'Add' || operator === 'Sum') this.#binary(node, true);
    else if (operator === 'Mul') this.#binary(node, false);
    else if (operator === 'Concat') this.#concatenation(node);
    else if (operator === 'BatchNormalization') this.#normalization(node);
    else if (operator === 'Transpose') this.#transpose(node);
    else if (operator === 'GlobalAveragePool' || operator === 'GlobalMaxPool') this.#pool(node);
    else if (operator === 'Resize') this.#resize(node);
    else if (operator === 'HardSigmoid' && this.#hardSwish(node)) return;
    else if (activations.has(operator) || elementwise.has(operator)) this.#activation(node);
  }

  /** Whether everything that is computed and read here has a blocked form. */
  #allBlocked(node: WorkingNode): boolean {
    return (
      node.inputs.some((t) => t && !t.constant) &&
      node.inputs.every((t) => t === undefined || t.constant || this.#blocked.has(t))
    );
  }

  /** The blocked form of an input, reordered where there is none yet. */
  #take(plain: WorkingTensor, node: WorkingNode): WorkingTensor {
    const known = this.#blocked.get(plain);
    if (known) {
      known.remainingUses--;
      return known.tensor;
    }
    let reordered = this.#reordered.get(plain);
    if (reordered === undefined) {
      reordered = this.#graph.tensor(plain.type, plain.shape);
      reordered.blocked = true;
      // A transpose from channels last runs inside the reorder.
      const maker = plain.producer;
      const transpose = maker && isFromChannelsLast(maker) && soleConsumer(plain) === node ? maker : undefined;
      this.#graph.add('ReorderInput', [transpose?.inputs[0] ?? plain], [reordered], {
        sources: node.sources,
        domain: 'com.microsoft.nchwc',
        attributes: { channels_last: transpose ? 1 : 0 },
      }).blocked = true;
      this.#reordered.set(plain, reordered);
    }
    return reordered;
  }

  /** From now on `node` makes the blocked form of its output. */
  #make(node: WorkingNode, channels: number): void {
    const plain = node.outputs[0]!;
    const tensor = this.#graph.tensor(plain.type, plain.shape);
    tensor.blocked = true;
    this.#graph.takeOutput(node, 0, tensor);
    plain.producer = undefined;
    node.blocked = true;
    const uses = plain.consumers.uses + (plain.output ? 1 : 0);
    this.#blocked.set(plain, { tensor, node, startingUses: uses, remainingUses: uses, channels });
  }

  /** `node` runs inside the maker of `input`, whose blocked form is that of `node`'s output too. */
  #fuse(node: WorkingNode, input: Blocked): void {
    const plain = node.outputs[0]!;
    const uses = plain.consumers.uses + (plain.output ? 1 : 0);
    input.node.sources.push(...node.sources);
    this.#graph.remove(node);
    this.#blocked.set(plain, { ...input, startingUses: uses, remainingUses: uses });
  }

  #convolution(node: WorkingNode): void {
    const [input, weight, bias] = node.inputs;
    if (!input || !weight?.constant || weight.type !== 'float32' || weight.shape.length !== 4) return;
    if (bias && !bias.constant) return;
    const [outputs, inputs] = weight.shape as [number, number];
    const groups = numberAttribute(node, 'group', 1);
    const block = this.#block;
    let reorders = true;
    if (groups > 1 && inputs === 1 && outputs === groups) {
      if (outputs % alignment !== 0) return;
      node.attributes = { ...node.attributes, group: Math.ceil(groups / block) * block };
    } else if (groups > 1) {
      if (inputs % block !== 0 || outputs % groups !== 0 || (outputs / groups) % block !== 0) return;
    } else if (inputs < block) reorders = false;
    else if (inputs % alignment !== 0) return;
    if (reorders) this.#graph.setInput(node, 0, this.#take(input, node));
    node.domain = 'com.microsoft.nchwc';
    this.#make(node, outputs);
  }

  #pool(node: WorkingNode): void {
    const input = node.inputs[0]!;
    const channels = input.shape[1] ?? 0;
    if (node.outputs[1] !== undefined || input.type !== 'float32' || input.shape.length !== 4) return;
    if (channels % this.#block !== 0) return;
    this.#graph.setInput(node, 0, this.#take(input, node));
    node.domain = 'com.microsoft.nchwc';
    this.#make(node, channels);
  }

  #binary(node: WorkingNode, isSum: boolean): void {
    const inputs = node.inputs.map((t) => (t ? this.#blocked.get(t) : undefined));
    const first = inputs[0];
    const plain = node.inputs as WorkingTensor[];
    if (first === undefined || inputs.some((input) => input?.channels !== first.channels)) return;
    if (plain.some((t) => !sameShape(t.shape, plain[0]!.shape))) return;
    const blocked = inputs as Blocked[];
    for (const [i, input] of blocked.entries()) {
      this.#graph.setInput(node, i, input.tensor);
      input.remainingUses--;
    }
    if (isSum && blocked.length === 2) {
      for (const [i, input] of blocked.entries()) {
        const maker = input.node;
        if (maker.operator !== 'Conv' || maker.addends > 0 || maker.activation !== undefined) continue;
        if (input.startingUses !== 1) continue;
        while (maker.inputs.length < 3) maker.inputs.push(undefined);
        maker.inputs.push(undefined);
        this.#graph.setInput(maker, 3, blocked[1 - i]!.tensor);
        maker.addends = 1;
        this.#fuse(node, input);
        return;
      }
    }
    this.#make(node, first.channels);
  }

  #concatenation(node: WorkingNode): void {
    if (numberAttribute(node, 'axis', 0) !== 1) return;
    const inputs = node.inputs.map((t) => this.#blocked.get(t!));
    if (inputs.some((input) => input === undefined || input.channels % this.#block !== 0)) return;
    let channels = 0;
    for (const [i, input] of inputs.entries()) {
      this.#graph.setInput(node, i, input!.tensor);
      input!.remainingUses--;
      channels += input!.channels;
    }
    this.#make(node, channels);
  }

  #activation(node: WorkingNode): void {
    const input = this.#blocked.get(node.inputs[0]!)!;
    this.#graph.setInput(node, 0, input.tensor);
    input.remainingUses--;
    const maker = input.node;
    const fits = maker.operator === 'Conv' && input.startingUses === 1 && maker.activation === undefined;
    if (fits && activations.has(node.operator)) {
      maker.activation = node.operator;
      this.#fuse(node, input);
    } else this.#make(node, input.channels);
  }

  /** x · hardsigmoid(x) of a convolution's result. @returns whether it was fused */
  #hardSwish(node: WorkingNode): boolean {
    const x = node.inputs[0]!;
    const input = this.#blocked.get(x)!;
    const maker = input.node;
    const product = soleConsumer(node.outputs[0]);
    if (maker.operator !== 'Conv' || maker.activation !== undefined || input.startingUses !== 2) return false;
    if (product?.operator !== 'Mul' || !product.inputs.includes(x)) return false;
    maker.activation = 'HardSwish';
    maker.sources.push(...node.sources);
    input.remainingUses -= 2;
    this.#graph.remove(node);
    this.#fuse(product, input);
    return true;
  }

  /** A product with a constant for each channel is a depthwise 1×1. @returns whether it was one */
  #channelScale(node: WorkingNode): boolean {
    const at = node.inputs[1]?.constant ? 1 : 0;
    const [scale, plain] = [node.inputs[at], node.inputs[1 - at]];
    const input = plain && this.#blocked.get(plain);
    if (!input || !scale?.constant || !isForEachChannel(scale, plain)) return false;
    const channels = Math.ceil(input.channels / this.#block) * this.#block;
    const weight = this.#graph.tensor(scale.type, [channels, 1, 1, 1]);
    weight.constant = true;
    this.#graph.setInput(node, 0, input.tensor);
    this.#graph.setInput(node, 1, weight);
    input.remainingUses--;
    node.operator = 'Conv';
    node.domain = 'com.microsoft.nchwc';
    node.attributes = { group: channels };
    this.#make(node, input.channels);
    return true;
  }

  /** Whole multiples of height and width, by repeating. */
  #resize(node: WorkingNode): void {
    const input = this.#blocked.get(node.inputs[0]!)!;
    const { mode, coordinate_transformation_mode: places, nearest_mode: rounding } = node.attributes;
    const isNearest = (mode ?? 'nearest') === 'nearest' && places === 'asymmetric' && rounding === 'floor';
    const isLinear =
      mode === 'linear' && /^(half_pixel|asymmetric|align_corners)$/.test(String(places ?? 'half_pixel'));
    if (!isNearest && !isLinear) return;
    const from = node.inputs[0]!.shape;
    const scales = node.outputs[0]!.shape.map((d, i) => d / from[i]!);
    if (scales.some((scale) => !Number.isInteger(scale)) || scales[0] !== 1 || scales[1] !== 1) return;
    this.#graph.setInput(node, 0, input.tensor);
    input.remainingUses--;
    node.operator = 'Upsample';
    node.domain = 'com.microsoft.nchwc';
    node.attributes = { scales };
    this.#make(node, input.channels);
  }

  #normalization(node: WorkingNode): void {
    const input = this.#blocked.get(node.inputs[0]!)!;
    const channels = Math.ceil(input.channels / this.#block) * this.#block;
    const [type, shape] = [node.inputs[1]!.type, [channels, 1, 1, 1]];
    this.#graph.setInput(node, 0, input.tensor);
    input.remainingUses--;
    const weight = this.#graph.tensor(type, shape);
    weight.constant = true;
    const bias = node.inputs[2]!;
    for (const i of [3, 4]) this.#graph.setInput(node, i, undefined);
    node.inputs.length = 3;
    this.#graph.setInput(node, 1, weight);
    this.#graph.setInput(node, 2, bias);
    node.operator = 'Conv';
    node.domain = 'com.microsoft.nchwc';
    node.attributes = { group: channels };
    this.#make(node, input.channels);
  }

  /** Plain with channels last is a reorder of its own. */
  #transpose(node: WorkingNode): void {
    const order = numbersAttribute(node, 'perm') ?? [];
    if (!sameShape(order, [0, 2, 3, 1])) return;
    const input = this.#blocked.get(node.inputs[0]!)!;
    this.#graph.setInput(node, 0, input.tensor);
    input.remainingUses--;
    node.operator = 'ReorderOutput';
    node.domain = 'com.microsoft.nchwc';
    node.attributes = { channels: input.channels, channels_last: 1 };
    node.blocked = true;
  }
}
