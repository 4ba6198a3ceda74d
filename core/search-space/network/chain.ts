// A chain of blocks → the whole network, or its blocks as networks of their own. Both run the same build functions.

import { startNetwork } from './layers.ts';
import type { Block, Chain, Network } from './network.ts';

/** A block in its place, with those right after it that are the same. */
export interface NetworkBlock {
  /** Name, then the input's shape, as in `cell |none~0|+… @1x16x32x32`. */
  readonly key: string;
  /** How often it runs here, one after another. */
  readonly count: number;
  /** The block as a network of its own, whose input is the block's. */
  network(): Network;
}

/** @throws RangeError when a block is not given the shape that it says it takes (a mistake in the space's chain) */
export function networkOfChain(chain: Chain, batchSize: number): Network {
  const { channels, size } = chain.blocks[0]!;
  const { layers, input } = startNetwork({ name: chain.name, batchSize, channels, size });
  let x = input;
  for (const block of chain.blocks) {
    if (x.shape[1] !== block.channels || x.shape[2] !== block.size || x.shape[3] !== block.size) {
      const takes = `${block.channels} × ${block.size} × ${block.size}`;
      throw new RangeError(`block '${block.name}' of ${chain.name} takes ${takes}; it is given [${x.shape}]`);
    }
    x = block.build(layers, x);
  }
  return layers.finish(x);
}

/** The blocks of a chain, equal neighbours counted together, each with its network. */
export function blocksOfChain(chain: Chain, batchSize: number): readonly NetworkBlock[] {
  const counted: { key: string; count: number; network(): Network }[] = [];
  for (const [i, block] of chain.blocks.entries()) {
    if (block === chain.blocks[i - 1]) {
      counted.at(-1)!.count++;
      continue;
    }
    const network = (): Network => networkOfChain({ name: block.name, blocks: [block] }, batchSize);
    counted.push({ key: blockKey(block, batchSize), count: 1, network });
  }
  return counted;
}

/** Equal for blocks that compute the same, at the same batch size. */
export const blockKey = ({ name, channels, size }: Block, batchSize: number): string =>
  `${name} @${batchSize}x${channels}x${size}x${size}`;
