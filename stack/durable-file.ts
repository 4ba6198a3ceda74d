// A small file of the state that is whole or as it was before, whatever happens in between: written beside its place,
// made durable, then renamed onto it.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @param mode permissions of the file. @throws the file system's own error; the file is then as it was. */
export function writeDurably(file: string, text: string, mode = 0o666): void {
  const beside = `${file}.new`;
  try {
    const opened = openSync(beside, 'w', mode);
    try {
      writeFileSync(opened, text);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
