// An architecture's text → its network; an operator's key → its network. What the agent measures.
import { descriptorOperators } from '#core/descriptor/operators.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '../registry.ts';
import type { SearchSpaceId } from '../search-space.ts';
import { fbnetNetwork } from './fbnet.ts';
import type { Network } from './layers.ts';
import { nasbench201Network, nasbench201Operator } from './nasbench201.ts';
import { ofaNetwork } from './ofa.ts';

export interface NetworkOptions {
  /** Side of the square input, pixels; null: the architecture states its own (ofa). */
  readonly inputSize: number | null;
  readonly batchSize: number;
  /** Of the random weights. */
  readonly seed: number;
}

/** The input size that a space's papers use; null where each architecture states its own. */
export const usualInputSize: Readonly<Record<SearchSpaceId, number | null>> = {
  nasbench201: 32,
  fbnet: 224,
  ofa: null,
};

/** @throws DomainError `invalid-architecture`, `invalid-request` (an input size that the space cannot have) */
export function buildNetwork(space: SearchSpaceId, architecture: string, options: NetworkOptions): Network {
  const choices = searchSpace(space).parse(architecture);
  const { batchSize, seed } = options;
  if (space === 'ofa') {
    if (options.inputSize !== null) {
      throw new DomainError(
        'invalid-request',
        `input size ${options.inputSize} given: an ofa architecture states its own`,
      );
    }
    return ofaNetwork(choices, { batchSize, seed });
  }
  const inputSize = knownInputSize(space, options);
  const build = space === 'fbnet' ? fbnetNetwork : nasbench201Network;
  return build(choices, { inputSize, batchSize, seed });
}

/** @throws DomainError `invalid-request` when the space has no such operator */
export function buildOperator(space: SearchSpaceId, key: string, options: NetworkOptions): Network {
  if (!descriptorOperators[space].includes(key)) {
    const known = descriptorOperators[space].join(', ') || 'none';
    throw new DomainError('invalid-request', `operator '${key}' of ${space} not found; there are: ${known}`);
  }
  const { batchSize, seed } = options;
  return nasbench201Operator(key, { inputSize: knownInputSize(space, options), batchSize, seed });
}

function knownInputSize(space: SearchSpaceId, options: NetworkOptions): number {
  if (options.inputSize !== null) return options.inputSize;
  throw new DomainError('invalid-request', `no input size given for ${space}; usual: ${usualInputSize[space]}`);
}
