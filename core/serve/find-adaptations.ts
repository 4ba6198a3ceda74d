// The adaptations that a request for targets is answered with, or the reason why it cannot be.
import { DomainError } from '#core/errors.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { targetIdSchema } from '#core/targets/keys.ts';
import { type UnknownTarget, unknownTargetError } from '#core/targets/target-names.ts';
import type { Champion, PredictorCache } from './predictor-cache.ts';

export interface PredictDependencies {
  readonly predictors: PredictorCache;
  /** Ids of all targets; asked only for names that are not there. */
  readonly targetNames: () => Promise<string[]>;
}

/** Exactly one of both. */
export interface AskedTargets {
  readonly target?: string | undefined;
  readonly targets?: readonly string[] | undefined;
}

/** Those of the targets asked for, in their order. @throws DomainError `unknown-target`, `not-ready` */
export async function findAdaptations(
  { targetNames }: Pick<PredictDependencies, 'targetNames'>,
  { adaptations }: Champion,
  { target, targets }: AskedTargets,
): Promise<Adaptation[]> {
  const wanted = targets?.map((id, i) => ({ targetId: id, path: `targets/${i}` })) ?? [
    { targetId: target!, path: 'target' },
  ];
  // A name that cannot be a target's must not become a key either.
  const find = async (id: string) => (targetIdSchema.safeParse(id).success ? adaptations.get(id) : undefined);
  const found = await Promise.all(wanted.map(({ targetId }) => find(targetId)));
  const missing = wanted.filter((_, i) => !found[i]);
  if (missing.length === 0) return found as Adaptation[];
  const withdrawn = missing.filter(({ targetId }) => adaptations.isWithdrawn(targetId));
  if (withdrawn.length > 0) throw withdrawnTargets(withdrawn);
  const known = await targetNames();
  const unknown = missing.filter(({ targetId }) => !known.includes(targetId));
  if (unknown.length > 0) throw unknownTargetError(unknown, known);
  const waiting = missing.map(({ targetId }) => targetId).join(', ');
  throw new DomainError('not-ready', `targets that are not adapted yet: ${waiting}`);
}

function withdrawnTargets(withdrawn: readonly UnknownTarget[]): DomainError {
  const issues = withdrawn.map(({ targetId, path }) => ({
    path,
    message: `target '${targetId}' has no measurements in use: an operator withdrew them`,
  }));
  return new DomainError('unknown-target', issues[0]!.message, { issues });
}
