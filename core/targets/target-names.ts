// The error for a target name that is not there: it offers the nearest names.

import { DomainError, type Issue } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { type NameSearch, nameSearch } from '#core/text/nearest-names.ts';
import { targetIdIn, targetsPrefix } from './keys.ts';

export interface UnknownTarget {
  readonly targetId: string;
  /** Where the name stands in the request. */
  readonly path: string;
}

/** The same list for `keptS` seconds (default 10), so that a flood of wrong names is not a flood of listings. */
export function targetNames(options: { readonly store: Store; readonly now: () => number; readonly keptS?: number }) {
  const { store, now, keptS = 10 } = options;
  let kept: { readonly ids: Promise<string[]>; readonly at: number } | undefined;
  return (): Promise<string[]> => {
    if (kept && now() - kept.at < keptS * 1000) return kept.ids;
    const listed = { ids: listTargetIds(store), at: now() };
    kept = listed;
    listed.ids.catch(() => {
      if (kept === listed) kept = undefined;
    });
    return listed.ids;
  };
}

/** Ids of all targets, in the order of their keys. */
export async function listTargetIds(store: Store): Promise<string[]> {
  const ids: string[] = [];
  for await (const key of store.list(targetsPrefix)) {
    const id = targetIdIn(targetsPrefix, key);
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

/** Names in one refusal, and those for which the nearest are sought: a search looks at every name there is. */
const namedIssues = 20;
const soughtNames = 3;

/** The error for names that are not targets, the first few with the nearest names there are. */
export function unknownTargetError(unknown: readonly UnknownTarget[], known: readonly string[]): DomainError {
  const search = nameSearch(known);
  const issues: Issue[] = unknown.slice(0, namedIssues).map(({ targetId, path }, i) => ({
    path,
    message: sentence(targetId.slice(0, 128), i < soughtNames || known.length === 0 ? search : undefined),
  }));
  return new DomainError('unknown-target', issues[0]!.message, { issues });
}

function sentence(shown: string, search: NameSearch | undefined): string {
  if (!search) return `target '${shown}' not found`;
  const nearest = search(shown);
  return nearest.length > 0
    ? `target '${shown}' not found; nearest: ${nearest.join(', ')}`
    : `target '${shown}' not found; there are no targets yet`;
}
