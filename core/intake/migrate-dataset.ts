// Use case: brings the targets of a dataset of before, which lie by search space, to where they are looked for now.
// What was several targets (a device by search space and batch size) becomes one. Nothing is deleted or written over,
// and every step may be repeated.
import { hasProfile, type TargetData } from '#core/dataset/target-data.ts';
import { targetDataV1Schema, upgradeTargetData } from '#core/dataset/version-1/target-data-v1.ts';
import { DomainError } from '#core/errors.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import { copyIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { parseJson, type UpdateOptions } from '#core/store/stored-json.ts';
import { joinProfile } from '#core/targets/join-profile.ts';
import { measurementsPrefix, profileKey, targetIdIn } from '#core/targets/keys.ts';
import { refreshTarget } from '#core/targets/refresh-target.ts';
import { readTargetData } from '#core/targets/target-in-use.ts';

export interface MigratedTarget {
  readonly searchSpace: string;
  /** The id that it had. */
  readonly before: string;
  /** `left`: it cannot be brought over, for the reason given; what was stored of it stays. */
  readonly outcome: 'brought' | 'brought-before' | 'left';
  /** The id that it has now. */
  readonly targetId?: string;
  readonly reason?: string;
}

export interface MigrateOptions extends UpdateOptions {
  /** ms since the epoch. */
  readonly now: () => number;
  /** Adapts what is brought under each, the champion first. */
  readonly predictors: readonly Predictor[];
}

/** One at a time, in the order of their keys. */
export async function* migrateDataset(store: Store, options: MigrateOptions): AsyncGenerator<MigratedTarget> {
  for (const searchSpace of searchSpaceIds) {
    const prefix = `${measurementsPrefix}${searchSpace}/`;
    for await (const key of store.list(prefix)) {
      const before = targetIdIn(prefix, key);
      if (before !== undefined)
        yield { searchSpace, before, ...(await bring(store, key, before, searchSpace, options)) };
    }
  }
}

async function bring(
  store: Store,
  key: string,
  before: string,
  searchSpace: string,
  options: MigrateOptions,
): Promise<Pick<MigratedTarget, 'outcome' | 'targetId' | 'reason'>> {
  const stored = await store.get(key);
  if (!stored) return { outcome: 'left', reason: 'it was deleted' };
  const data = readV1(key, stored.body);
  if (data instanceof DomainError) {
    const [issue] = data.issues;
    return { outcome: 'left', reason: issue ? `${issue.path}: ${issue.message}` : data.message };
  }
  const { targetId, profiles } = data;
  const current = await readTargetData(store, targetId);
  const wasThere = current !== undefined && profiles.every(({ sha256 }) => hasProfile(current, sha256));
  // The profiles first: of what is joined they are all there.
  for (const { sha256 } of profiles) {
    await copyIfAbsent(store, `profiles/${searchSpace}/${before}/${sha256}.json.gz`, profileKey(targetId, sha256));
  }
  const joined = await joinProfile(store, data, options);
  if (joined.outcome !== 'joined') return { outcome: 'left', targetId, reason: joined.outcome };
  await refreshTarget(store, joined.data, options.predictors, { ...options, now: options.now() });
  return { outcome: wasThere ? 'brought-before' : 'brought', targetId };
}

/** The error says what of it the present form does not allow, such as an input size that the networks cannot have. */
function readV1(key: string, body: Uint8Array): TargetData | DomainError {
  try {
    return upgradeTargetData(parseJson(key, body, targetDataV1Schema));
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
