// Where an import keeps what is done, so that it goes on from there. The file holds a device token.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cannotWrite } from '#agent/upload/atomic-file.ts';
import { makeWithParents } from '#command-line/make-folder.ts';
import { type ImportState, importStateSchema } from './import-table.ts';

/** @param api the service that it must be of: a state of another one is of no use */
export function readImportState(file: string, api: string): ImportState {
  try {
    const state = importStateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    if (state.api === api) return state;
  } catch {}
  // None, of another service or damaged: everything is asked for again, and what was accepted before stays as it is.
  return { api, finished: {} };
}

/** Whole or not at all, readable by its owner only. @throws DomainError `storage-failed` */
export function keepImportState(file: string, state: ImportState): void {
  try {
    makeWithParents(dirname(file));
    writeFileSync(`${file}.part`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${file}.part`, file);
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}
