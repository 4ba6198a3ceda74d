// What is run on a target: networks of which search space, at which input size, how many images at once. Together with
// an architecture's text it is a network. It is no part of what a target is.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { givenInputSize, noInputSize, statesInputSize, usualInputSize } from './network/input-size.ts';
import { searchSpace, searchSpaceIds, searchSpaces } from './registry.ts';

/** Where each architecture states its input size. */
const sizeless = searchSpaces
  .filter(statesInputSize)
  .map(({ id }) => id)
  .join(', ');

export const mostBatchSize = 65_536;

export const workloadSchema = z
  .strictObject({
    searchSpace: z.enum(searchSpaceIds).describe('The family of networks.'),
    inputSize: z
      .int()
      .positive()
      .max(4096)
      .nullable()
      .describe(`Height and width of the input, pixels. null in ${sizeless}, where each architecture states its own.`),
    batchSize: z.int().positive().max(mostBatchSize).describe('Images per inference.'),
  })
  .superRefine((workload, check) => {
    const message = inputSizeFault(workload);
    if (message !== undefined) check.addIssue({ code: 'custom', path: ['inputSize'], message });
  })
  .describe('What is run.');

export type Workload = Readonly<z.infer<typeof workloadSchema>>;

/** Why the search space's networks cannot have the input size; undefined when they can. */
export function inputSizeFault({ searchSpace: id, inputSize }: Omit<Workload, 'batchSize'>): string | undefined {
  const space = searchSpace(id);
  try {
    if (statesInputSize(space)) noInputSize(space, inputSize);
    else givenInputSize(space, inputSize);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
}

/** What is meant where only some of it is said: the input size that the space's papers use, one image at once.
 * @throws DomainError `unknown-search-space`; `invalid-request` for an input or batch size that cannot be, with its
 * path */
export function workloadOf(given: {
  readonly searchSpace: string;
  readonly inputSize?: number | undefined;
  readonly batchSize?: number | undefined;
}): Workload {
  const space = searchSpace(given.searchSpace);
  const { inputSize = usualInputSize(space), batchSize = 1 } = given;
  const parsed = workloadSchema.safeParse({ searchSpace: space.id, inputSize, batchSize });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('/'), message }));
  throw new DomainError('invalid-request', `${issues[0]!.path}: ${issues[0]!.message}`, { issues });
}

/** `nasbench201/32/1`, `ofa/-/64`: equal for equal workloads; in code-unit order they are listed and stored. */
export function workloadKey({ searchSpace: id, inputSize, batchSize }: Workload): string {
  return `${id}/${inputSize ?? '-'}/${batchSize}`;
}

/** For people: `nasbench201, 32 px, batch size 1`. */
export function workloadTitle({ searchSpace: id, inputSize, batchSize }: Workload): string {
  return [id, ...(inputSize === null ? [] : [`${inputSize} px`]), `batch size ${batchSize}`].join(', ');
}
