// What a start shows of what it does, and what of it takes how long.
import type { StartOptions } from '../commands/start.ts';
import { trainingParts } from './first-training.ts';
import { importsAtOnce } from './import-shipped.ts';
import type { ShownJob } from './screen.ts';

/** The name under which a training is shown beside the tables. */
export const trainingName = 'training';

/** In their order. */
export function startJobs(
  tables: readonly { readonly searchSpace: string; readonly targets: number }[],
  { train, steps }: Pick<StartOptions, 'train' | 'steps'>,
): ShownJob[] {
  const imports = tables.map(({ searchSpace, targets }) => ({
    name: searchSpace,
    parts: [{ kind: 'import', unit: 'target', units: targets, atOnce: importsAtOnce }],
  }));
  const all = tables.reduce((sum, { targets }) => sum + targets, 0);
  return train ? [...imports, { name: trainingName, parts: trainingParts(steps, all) }] : imports;
}
