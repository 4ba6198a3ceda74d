// What a search space says of its networks, and what comes of it: a network is described once, as a chain of blocks,
// and is predicted (operator graph) and measured (the same graph with random weights) from that one description.
import type { OperatorGraph, Tensor } from '#core/graph/operator-graph.ts';
import type { Architecture } from '../architecture.ts';
import type { Layers } from './layers.ts';

/** How a constant is filled when the network is to run: normal numbers, or their absolute values. */
export interface Fill {
  readonly mean: number;
  readonly deviation: number;
  readonly distribution: 'normal' | 'absolute-normal';
}

export interface Network {
  /** One input, one output. The graph's constants are in the order in which weights are drawn. */
  readonly graph: OperatorGraph;
  /** One entry for each of `graph.constants`; undefined where the constant has its values already. */
  readonly fills: readonly (Fill | undefined)[];
  /** Trained numbers: weights, biases, scale and shift of normalisation (its running mean and variance are not). */
  readonly parameters: number;
  /** Multiply-accumulates of convolutions and linear layers at batch size 1; a linear layer's bias counts one an
   * output, as in the figures that NAS-Bench-201 publishes. */
  readonly macs: number;
}

/** A part of a network with one feature map in and one out. */
export interface Block {
  /** Says everything about the block but its input's shape: blocks of equal name and input compute the same. */
  readonly name: string;
  /** Channels of the input. */
  readonly channels: number;
  /** Side of the square input, pixels. */
  readonly size: number;
  /** Appends the block's nodes. @returns the block's output */
  build(layers: Layers, input: Tensor): Tensor;
}

/** A network as the blocks that it runs one after another. Cheap to make: nothing is built yet. */
export interface Chain {
  readonly name: string;
  /** Each takes what the one before it gives; at least one. */
  readonly blocks: readonly Block[];
}

/** Sides of the square input that a space's networks can have, pixels. */
export interface InputSizes {
  /** What the space's papers use. */
  readonly usual: number;
  /** Inclusive, as is `largest`; `step` divides every allowed size. */
  readonly smallest: number;
  readonly largest: number;
  readonly step: number;
}

/** An operator of the hardware-runtime descriptor: a part of the space's networks that is measured alone. */
export interface DescriptorOperator<Size> {
  /** Such as `stage2/nor_conv_3x3`. */
  readonly key: string;
  block(inputSize: Size): Block;
}

interface NetworksAt<Size, Sizes> {
  readonly inputSizes: Sizes;
  /** @param inputSize one that `inputSizes` allows */
  chain(architecture: Architecture, inputSize: Size): Chain;
  /** In the order of the descriptor's vector. None: the space takes no descriptor, its profiles say `null`. */
  readonly operators: readonly DescriptorOperator<Size>[];
}

/** Networks that take images of a size that is chosen with them. */
export type SizedNetworks = NetworksAt<number, InputSizes>;

/** Networks of which each architecture states its own input size. */
export type SelfSizedNetworks = NetworksAt<null, null>;

/** The networks of a search space. */
export type Networks = SizedNetworks | SelfSizedNetworks;
