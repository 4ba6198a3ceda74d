// Whether a space's networks can have an input size. The one place that refuses it.
import { DomainError } from '#core/errors.ts';
import type { SearchSpace } from '../search-space.ts';

/** The input size that a space's papers use; null where each architecture states its own. */
export function usualInputSize(space: SearchSpace<string>): number | null {
  return space.networks.inputSizes?.usual ?? null;
}

/** Whether each architecture of the space states its own input size, so that a workload has none. */
export function statesInputSize(space: SearchSpace<string>): boolean {
  return space.networks.inputSizes === null;
}

/** @throws DomainError `invalid-request` when there is none or the space's networks cannot have it */
export function givenInputSize(space: SearchSpace<string>, inputSize: number | null): number {
  const { inputSizes } = space.networks;
  if (inputSizes === null) throw new DomainError('invalid-request', `${space.id} takes no input size`);
  const { usual, smallest, largest, step } = inputSizes;
  if (inputSize === null) {
    throw new DomainError('invalid-request', `no input size given for ${space.id}; usual: ${usual}`);
  }
  const isAllowed = Number.isInteger(inputSize) && inputSize >= smallest && inputSize <= largest;
  if (isAllowed && inputSize % step === 0) return inputSize;
  throw new DomainError(
    'invalid-request',
    `input size ${inputSize} of ${space.id}; allowed: ${smallest} to ${largest} in steps of ${step}`,
  );
}

/** For a space whose architectures state their input size. @throws DomainError `invalid-request` when one is given */
export function noInputSize(space: SearchSpace<string>, inputSize: number | null): null {
  if (inputSize === null) return null;
  throw new DomainError('invalid-request', `input size ${inputSize} given: an ${space.id} architecture states its own`);
}
