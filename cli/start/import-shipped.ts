// Brings a shipped table into the service through the same door as devices, once.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWithParents } from '#command-line/make-folder.ts';
import { StackError } from '#stack/stack-error.ts';
import { keepImportState, readImportState } from '../import/import-state.ts';
import { type ImportClient, importTable } from '../import/import-table.ts';
import type { ShippedTable } from './shipped-tables.ts';

/** Profiles under way at once. */
export const importsAtOnce = 4;

export interface ImportShippedOptions {
  /** With an operator's token. */
  readonly client: ImportClient;
  /** The state folder of the start: what is imported is kept in there, and its address does not matter. */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  /** @param share of the targets, 0 to 1 */
  readonly onProgress: (share: number) => void;
}

/** @returns whether it was sent now; false: this very file is there already
 * @throws StackError when the service did not accept a target */
export async function importShipped({ table, sha256 }: ShippedTable, options: ImportShippedOptions): Promise<boolean> {
  const { client, stateDir, signal, onProgress } = options;
  const folder = join(stateDir, 'import');
  const done = join(folder, `${table.searchSpace}.done`);
  if (readOrEmpty(done) === sha256) return false;
  makeWithParents(folder);
  const file = join(folder, `${table.searchSpace}.json`);
  const imported = await importTable({
    table,
    columns: table.targets.map(({ id }) => id),
    client,
    state: readImportState(file, 'local'),
    keep: (state) => keepImportState(file, state),
    atOnce: importsAtOnce,
    onProgress: (sent, total) => onProgress(sent / total),
    signal,
  });
  const refused = imported.find(({ verdict }) => verdict.status !== 'accepted');
  if (refused) throw new StackError(`'${refused.column}' of ${table.file} was refused: ${refused.verdict.reason}`);
  writeFileSync(done, sha256);
  return true;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
