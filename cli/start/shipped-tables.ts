// The measurements that come with the project.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readTable } from '#cli/read-table.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
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
  const path = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const file = await readFile(path);
  return { table: { ...readTable(path, id), file: name }, sha256: createHash('sha256').update(file).digest('hex') };
}
