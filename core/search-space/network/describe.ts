// A search space and an architecture → the network; a search space and an operator's key → the operator as a network.
// What is predicted and, with weights, what the agent measures.
import { DomainError } from '#core/errors.ts';
import type { Architecture } from '../architecture.ts';
import type { SearchSpace } from '../search-space.ts';
import { blocksOfChain, type NetworkBlock, networkOfChain } from './chain.ts';
import { givenInputSize, noInputSize } from './input-size.ts';
import type { Chain, Network } from './network.ts';

export interface NetworkOptions {
  /** Side of the square input, pixels; null: the architecture states its own (ofa). */
  readonly inputSize: number | null;
  readonly batchSize: number;
}

/** The whole network. @throws DomainError `invalid-request` (an input size that the space cannot have) */
export function describeNetwork(
  space: SearchSpace<string>,
  architecture: Architecture,
  options: NetworkOptions,
): Network {
  return networkOfChain(chainOf(space, architecture, options.inputSize), options.batchSize);
}

/** The same network in parts, in the order in which they run, each built only when it is asked for. Blocks of equal key
 * are equal graphs, within an architecture and between architectures: what is found out about one is true of all.
 * @throws DomainError `invalid-request` (an input size that the space cannot have) */
export function describeBlocks(
  space: SearchSpace<string>,
  architecture: Architecture,
  options: NetworkOptions,
): readonly NetworkBlock[] {
  return blocksOfChain(chainOf(space, architecture, options.inputSize), options.batchSize);
}

/** An operator of the space's descriptor as a network of its own.
 * @throws DomainError `invalid-request` (no such operator, or an input size that the space cannot have) */
export function describeOperator(space: SearchSpace<string>, key: string, options: NetworkOptions): Network {
  const known = operatorKeys(space);
  const { networks } = space;
  const at = known.indexOf(key);
  if (at < 0) {
    const list = known.join(', ') || 'none';
    throw new DomainError('invalid-request', `operator '${key}' of ${space.id} not found; there are: ${list}`);
  }
  const block =
    networks.inputSizes === null
      ? networks.operators[at]!.block(noInputSize(space, options.inputSize))
      : networks.operators[at]!.block(givenInputSize(space, options.inputSize));
  return networkOfChain({ name: key.replace('/', '_'), blocks: [block] }, options.batchSize);
}

/** Keys of the operators that the space's descriptor describes, in the order of its vector; none: no descriptor. */
export function operatorKeys(space: SearchSpace<string>): readonly string[] {
  return space.networks.operators.map(({ key }) => key);
}

/** The blocks that the network runs one after another. @throws DomainError `invalid-request` (an input size that the
 * space cannot have) */
export function chainOf(space: SearchSpace<string>, architecture: Architecture, inputSize: number | null): Chain {
  const { networks } = space;
  return networks.inputSizes === null
    ? networks.chain(architecture, noInputSize(space, inputSize))
    : networks.chain(architecture, givenInputSize(space, inputSize));
}
