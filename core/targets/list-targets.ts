// Use case: the targets there are, a page at a time, in the order of their keys.

import { searchSpace } from '#core/search-space/registry.ts';
import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { targetsPrefix } from './keys.ts';
import { type TargetRecord, targetRecordSchema } from './target-record.ts';

export interface ListTargetsRequest {
  /** All search spaces when left out. */
  readonly searchSpace?: string | undefined;
  /** Targets a page, 1 to 200. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface TargetPage {
  readonly targets: readonly TargetRecord[];
  /** For the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** @throws DomainError `unknown-search-space`; `invalid-request` for a cursor that is not of this list. */
export async function listTargets(store: Store, request: ListTargetsRequest): Promise<TargetPage> {
  const prefix = targetsPrefix(request.searchSpace === undefined ? undefined : searchSpace(request.searchSpace).id);
  const after = request.cursor === undefined ? undefined : decodeCursor(prefix, request.cursor);
  const keys: string[] = [];
  for await (const key of store.list(prefix, after)) {
    keys.push(key);
    if (keys.length > request.limit) break;
  }
  const page = keys.slice(0, request.limit);
  const records = await Promise.all(page.map((key) => readJson(store, key, targetRecordSchema)));
  return {
    // A target deleted between listing and reading is simply not there.
    targets: records.flatMap((record) => (record ? [record.value] : [])),
    nextCursor: keys.length > page.length ? encodeCursor(prefix, page.at(-1)!) : null,
  };
}
