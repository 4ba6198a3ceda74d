// The error for a target name that is not there: it offers the nearest names of the search space.

import { DomainError, type Issue } from '#core/errors.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { nearestNames } from '#core/text/nearest-names.ts';
import { targetsPrefix } from './keys.ts';

export interface UnknownTarget {
  readonly targetId: string;
  /** Where the name stands in the request. */
  readonly path: string;
}

/** The same list for `keptS` seconds (default 10), so that a flood of wrong names is not a flood of listings. */
export function targetNames(options: { readonly store: Store; readonly now: () => number; readonly keptS?: number }) {
  const { store, now, keptS = 10 } = options;
  const kept = new Map<SearchSpaceId, { readonly ids: Promise<string[]>; readonly at: number }>();
  return (searchSpace: SearchSpaceId): Promise<string[]> => {
    const known = kept.get(searchSpace);
    if (known && now() - known.at < keptS * 1000) return known.ids;
    const ids = listTargetIds(store, searchSpace);
    kept.set(searchSpace, { ids, at: now() });
    ids.catch(() => kept.delete(searchSpace));
    return ids;
  };
}

/** Ids of all targets of a search space, in the order of the store. */
export async function listTargetIds(store: Store, searchSpace: SearchSpaceId): Promise<string[]> {
  const prefix = targetsPrefix(searchSpace);
  const ids: string[] = [];
  for await (const key of store.list(prefix)) {
    if (key.endsWith('.json')) ids.push(key.slice(prefix.length, -'.json'.length));
  }
  return ids;
}

/** Names in one refusal, and those for which the nearest are sought: a search looks at every name there is. */
const namedIssues = 20;
const soughtNames = 3;

/** The error for names that are not targets of the search space, the first few with the nearest names there are. */
export function unknownTargetError(
  searchSpace: SearchSpaceId,
  unknown: readonly UnknownTarget[],
  known: readonly string[],
): DomainError {
  const issues: Issue[] = unknown.slice(0, namedIssues).map(({ targetId, path }, i) => ({
    path,
    message: sentence(targetId, known, i < soughtNames),
  }));
  return new DomainError('unknown-target', `${issues[0]!.message} (search space ${searchSpace})`, { issues });
}

function sentence(targetId: string, known: readonly string[], seek: boolean): string {
  const shown = targetId.slice(0, 128);
  if (!seek && known.length > 0) return `target '${shown}' not found`;
  const nearest = nearestNames(shown, known);
  return nearest.length > 0
    ? `target '${shown}' not found; nearest: ${nearest.join(', ')}`
    : `target '${shown}' not found; there are no targets yet`;
}
