// Adds an accepted profile to what is known of its target: measurements/{targetId}.json.

import { hasProfile, isFull, joinTargetData, type TargetData, targetDataSchema } from '#core/dataset/target-data.ts';
import { targetDigest } from '#core/dataset/target-id.ts';
import type { Store } from '#core/store/store.ts';
import { type UpdateOptions, updateJson } from '#core/store/stored-json.ts';
import { measurementsKey } from './keys.ts';

export type JoinedProfile =
  | { readonly outcome: 'joined'; readonly data: TargetData }
  | { readonly outcome: 'target-conflict' | 'target-full' };

class Refusal extends Error {
  readonly outcome: 'target-conflict' | 'target-full';
  constructor(outcome: 'target-conflict' | 'target-full') {
    super(outcome);
    this.outcome = outcome;
  }
}

/** Safe to repeat and when others add to the same target.
 * @throws DomainError `conflict` when others were first every time */
export async function joinProfile(store: Store, part: TargetData, options: UpdateOptions): Promise<JoinedProfile> {
  const key = measurementsKey(part.targetId);
  try {
    const data = await updateJson(store, key, targetDataSchema, (current) => joined(current, part), options);
    return { outcome: 'joined', data: data! };
  } catch (error) {
    if (error instanceof Refusal) return { outcome: error.outcome };
    throw error;
  }
}

/** Undefined: nothing to add. */
function joined(current: TargetData | undefined, part: TargetData): TargetData | undefined {
  if (current === undefined) return part;
  if (targetDigest(current.target) !== targetDigest(part.target)) throw new Refusal('target-conflict');
  if (part.profiles.every(({ sha256 }) => hasProfile(current, sha256))) return undefined;
  const next = joinTargetData(current, part);
  if (isFull(next)) throw new Refusal('target-full');
  return next;
}
