// The operators of any list as networks: what is measured, with weights, and what a row of the predictor's equations is
// about.
import { DomainError } from '#core/errors.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { describeOperator } from '#core/search-space/network/describe.ts';
import type { DescribedNetwork } from '#core/search-space/network/with-weights.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { standardOperators } from '#core/standard-networks/standard-operators.ts';
import { descriptorOperators, type OperatorList, operatorSizeFault, standardList } from './descriptor-operators.ts';

/** A list of operators at the sizes that they are measured at. */
export interface SizedOperators {
  readonly list: OperatorList;
  /** Side of the square input that the operators were made for, pixels; null where each states its own. */
  readonly inputSize: number | null;
  readonly batchSize: number;
}

/** `nasbench201/32/1`, `standard/-/1`: equal for equal ones. */
export const sizedOperatorsKey = ({ list, inputSize, batchSize }: SizedOperators): string =>
  `${list}/${inputSize ?? '-'}/${batchSize}`;

/** One operator, to be given weights and measured.
 * @throws DomainError `invalid-request` (no such operator, or an input size that the list cannot have) */
export function describeListed({ list, ...sizes }: SizedOperators, key: string): DescribedNetwork {
  if (list !== standardList) return describeOperator(searchSpace(list), key, sizes);
  const fault = operatorSizeFault(list, sizes.inputSize);
  if (fault !== undefined) throw new DomainError('invalid-request', fault);
  const operator = standardOperators.find((each) => each.key === key);
  if (operator !== undefined) return operator.describe(sizes.batchSize);
  throw new DomainError('invalid-request', `operator '${key}' of ${list} not found`);
}

/** The graphs of all operators of a list by their keys, in the order of the descriptor's vector.
 * @throws DomainError `invalid-request` (an input size that the list cannot have) */
export function operatorGraphs(operators: SizedOperators): Map<string, OperatorGraph> {
  return new Map(descriptorOperators[operators.list].map((key) => [key, describeListed(operators, key).graph]));
}
