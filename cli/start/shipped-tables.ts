// The measurements that come with the project.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

export interface ShippedTable {
  readonly table: LatencyTable;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
}

/** The measurements of a search space that come with the project, and the SHA-256 (hex) of their file.
 * @throws DomainError `invalid-table` */
export async function readShippedTable(id: SearchSpaceId): Promise<ShippedTable> {
  const name = `data/latency-${id}.csv.gz`;
  const file = await readFile(new URL(`../../${name}`, import.meta.url));
  const text = (await promisify(gunzip)(file)).toString('utf8');
  return {
    table: parseLatencyTable(text, { file: name, space: searchSpace(id) }),
    sha256: createHash('sha256').update(file).digest('hex'),
  };
}
