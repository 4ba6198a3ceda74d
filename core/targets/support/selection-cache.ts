// Support sets that were chosen, kept by what they were chosen from. The choice is greedy: the first ten of a hundred
// are the ten that would have been chosen alone, so that one choice serves every smaller count.
import { createHash } from 'node:crypto';
import type { SupportSet, selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import type { GraphSet, NetworkSet } from '#core/predictor/types.ts';
import { workloadKey } from '#core/search-space/workload.ts';

export type SelectSupportSet = typeof selectSupportSet;

interface Chosen {
  readonly count: number;
  readonly set: Promise<SupportSet>;
}

/** `select`, whose choices are kept: the last `kept` by predictor, candidates and what is measured. Asked for more than
 * it has, it chooses twice as many as before, so that asking for one more again and again costs little. */
export function cachedSelection(select: SelectSupportSet, kept = 64): SelectSupportSet {
  const chosen = new Map<string, Chosen>();
  return async (predictor, offered, count, measured = []) => {
    const digest = createHash('sha256').update(predictor.identity.hash);
    for (const set of offered) digest.update(`\n${textOf(set)}`);
    for (const set of measured) digest.update(`\nmeasured ${textOf(set)}`);
    const key = digest.digest('hex');
    const before = chosen.get(key);
    let entry = before;
    if (entry === undefined || entry.count < count) {
      const most = Math.max(
        count,
        Math.min(
          2 * (before?.count ?? 0),
          offered.reduce((sum, set) => sum + sizeOf(set), 0),
        ),
      );
      entry = { count: most, set: select(predictor, offered, most, measured) };
      entry.set.catch(() => chosen.delete(key));
    }
    chosen.delete(key);
    chosen.set(key, entry);
    if (chosen.size > kept) chosen.delete(chosen.keys().next().value!);
    const { indices, expectedErrors, variances } = await entry.set;
    return {
      indices: indices.slice(0, count),
      expectedErrors: expectedErrors.slice(0, count + 1),
      variances: variances.slice(0, count + 1),
    };
  };
}

const sizeOf = (set: NetworkSet | GraphSet): number => ('graphs' in set ? set.graphs : set.architectures).length;

function textOf(set: NetworkSet | GraphSet): string {
  if ('graphs' in set) return set.graphs.map(({ id }) => id).join(';');
  return `${workloadKey(set.workload)} ${set.architectures.map(String).join(';')}`;
}
