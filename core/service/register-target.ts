// Use case: make a target known, or bring what is known of it up to date. Safe to repeat and when two do it at once.
import type { Store } from '#core/dataset/store.ts';
import { targetKey } from './keys.ts';
import { updateJson } from './stored-json.ts';
import { type TargetRecord, targetRecordSchema } from './target-record.ts';

export type TargetFacts = Omit<TargetRecord, 'createdAt' | 'updatedAt'>;

/** @param now ms since the epoch */
export async function registerTarget(store: Store, facts: TargetFacts, now: number): Promise<void> {
  const time = new Date(now).toISOString();
  await updateJson(store, targetKey(facts.searchSpace, facts.targetId), targetRecordSchema, (current) => {
    const next = { ...facts, createdAt: current?.createdAt ?? time, updatedAt: current?.updatedAt ?? time };
    return current && JSON.stringify(targetRecordSchema.parse(next)) === JSON.stringify(current)
      ? undefined
      : { ...next, updatedAt: time };
  });
}
