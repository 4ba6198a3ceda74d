// What a predictor has learned from, out of its lineage. Groups overlap: one may hold the networks of others.
import type { PredictorParameters } from '#core/predictor/predictor-parameters.ts';

export interface LearnedFrom {
  /** Networks of the largest group, which holds those of all others. */
  readonly networks: number;
  /** In the order in which groups name them. */
  readonly targets: readonly { readonly id: string; readonly measurements: number }[];
}

/** Counts every network and measurement once. */
export function learnedFrom({ groups }: Pick<PredictorParameters['lineage'], 'groups'>): LearnedFrom {
  const targets = new Map<string, number>();
  for (const { id, measurements } of groups.flatMap((group) => group.targets)) {
    targets.set(id, Math.max(targets.get(id) ?? 0, measurements));
  }
  return {
    networks: Math.max(...groups.map(({ networks }) => networks)),
    targets: Array.from(targets, ([id, measurements]) => ({ id, measurements })),
  };
}
