// Published latency tables in the store: kept as the files they came as, by their hash. A target that stands in a table
// and has no profiles has its measurements there.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { joinTables } from '#core/dataset/join-tables.ts';
import type { Store } from '#core/dataset/store.ts';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import type { SearchSpace, SearchSpaceId } from '#core/search-space/search-space.ts';
import { isPreconditionFailed } from '#core/service/stored-json.ts';
import { tableKey, tablesPrefix } from './keys.ts';

/** @param compressed the table's CSV, compressed with gzip */
export async function storeTable(store: Store, searchSpace: SearchSpaceId, compressed: Uint8Array): Promise<void> {
  const sha256 = createHash('sha256').update(compressed).digest('hex');
  try {
    await store.put(tableKey(searchSpace, sha256), compressed, { ifNoneMatch: '*' });
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
  }
}

/** All tables of the search space as one; undefined without any. */
export async function readTables(store: Store, space: SearchSpace): Promise<LatencyTable | undefined> {
  const tables: LatencyTable[] = [];
  for await (const key of store.list(tablesPrefix(space.id))) {
    const object = await store.get(key);
    if (!object) continue;
    const text = gunzipSync(object.body).toString('utf8');
    tables.push(parseLatencyTable(text, { file: key, space }));
  }
  return tables.length === 0 ? undefined : joinTables(tables);
}
