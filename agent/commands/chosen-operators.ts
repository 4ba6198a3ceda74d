// Which single operators a profile measures.
import { descriptorLists, standardList } from '#core/descriptor/descriptor-operators.ts';
import type { SizedOperators } from '#core/descriptor/operator-graphs.ts';
import { DomainError } from '#core/errors.ts';
import { type Workload, workloadOf } from '#core/search-space/workload.ts';
import type { MeasuringOptions } from './measuring-options.ts';

type Choice = Pick<MeasuringOptions, 'operators' | 'noDescriptor' | 'standard' | 'searchSpace' | 'models' | 'batch'>;

/** Whether the standard networks are measured. */
export const measuresStandard = ({ standard, searchSpace, models }: Choice): boolean =>
  standard || (searchSpace.length === 0 && models.length === 0);

/** The list that was asked for; else the standard one with the standard networks, else that of the first search space
 * that has one. Operators of a search space are those of its first workload.
 * @returns undefined: none are measured
 * @throws DomainError `invalid-usage` where a list is asked for and left out */
export function chooseOperators(options: Choice, workloads: readonly Workload[]): SizedOperators | undefined {
  const { operators, noDescriptor, batch } = options;
  if (noDescriptor) {
    if (operators === undefined) return undefined;
    throw new DomainError('invalid-usage', `--operators ${operators} and --no-descriptor: one of them`);
  }
  const lists: readonly string[] = descriptorLists;
  const usual = measuresStandard(options)
    ? standardList
    : workloads.find((w) => lists.includes(w.searchSpace))?.searchSpace;
  const list = operators ?? usual;
  if (list === undefined) return undefined;
  if (list === standardList) return { list, inputSize: null, batchSize: 1 };
  const { inputSize, batchSize } =
    workloads.find(({ searchSpace }) => searchSpace === list) ?? workloadOf({ searchSpace: list, batchSize: batch[0] });
  return { list, inputSize, batchSize };
}
