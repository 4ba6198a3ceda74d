// A latency table from a file, packed or not.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

/** @throws DomainError `invalid-table` naming the file, and the line where it is one */
export function readTable(file: string, id: SearchSpaceId): LatencyTable {
  let text: string;
  try {
    const bytes = readFileSync(file);
    text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new DomainError('invalid-table', `cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  return parseLatencyTable(text, { file, space: searchSpace(id) });
}

/** One line for each target of which latencies were left out. */
export const exclusionLines = ({ exclusions }: LatencyTable): string[] =>
  exclusions.map(
    ({ file, target, reason, count }) => `${file}: ${count} latencies of '${target}' left out (${reason})`,
  );
