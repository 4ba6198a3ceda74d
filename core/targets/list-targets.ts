// Use case: the targets there are, a page at a time, in the order of their keys.

import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { targetIdIn, targetsPrefix } from './keys.ts';
import { type TargetRecord, targetRecordSchema } from './target-record.ts';

export interface ListTargetsRequest {
  /** Only those that were measured in it. */
  readonly searchSpace?: string | undefined;
  /** Targets a page, 1 to 200. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface TargetPage {
  /** At most `limit`; of a search space it may be fewer although there are more pages. */
  readonly targets: readonly TargetRecord[];
  /** For the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** Pages of the whole list that are looked through for one of a search space before it is answered empty. */
const mostRounds = 4;

/** @throws DomainError `unknown-search-space`; `invalid-request` for a cursor that is not of this list. */
export async function listTargets(store: Store, request: ListTargetsRequest): Promise<TargetPage> {
  const wanted = request.searchSpace === undefined ? undefined : searchSpace(request.searchSpace).id;
  const list = wanted === undefined ? targetsPrefix : `${targetsPrefix}?searchSpace=${wanted}`;
  let after = request.cursor === undefined ? undefined : decodeCursor(list, request.cursor, targetsPrefix);
  let targets: TargetRecord[] = [];
  for (let round = 0; round < mostRounds && targets.length === 0; round++) {
    const keys = await keysAfter(store, after, request.limit + 1);
    const page = keys.slice(0, request.limit);
    const records = await Promise.all(page.map((key) => readJson(store, key, targetRecordSchema)));
    // A target deleted between listing and reading is simply not there.
    targets = records.flatMap((record) => (record && isMeasuredIn(record.value, wanted) ? [record.value] : []));
    if (keys.length === page.length) return { targets, nextCursor: null };
    after = page.at(-1)!;
  }
  return { targets, nextCursor: encodeCursor(list, after!) };
}

async function keysAfter(store: Store, after: string | undefined, count: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(targetsPrefix, after)) {
    if (targetIdIn(targetsPrefix, key) === undefined) continue;
    keys.push(key);
    if (keys.length === count) break;
  }
  return keys;
}

function isMeasuredIn({ workloads }: TargetRecord, wanted: SearchSpaceId | undefined): boolean {
  return wanted === undefined || workloads.some((workload) => workload.searchSpace === wanted);
}
