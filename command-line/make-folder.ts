// Folders that a user names. Node's own `recursive` tries for ever where the parent is there and takes no folders, as
// /proc; this gives the fault of the file system instead.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder with those above it that are missing; one that is there stays as it is.
 * @param mode permissions of every folder that is made, less the process's umask
 * @throws the file system's own error: `ENOENT` or `EACCES` where a folder takes no others, `EEXIST` where a file is in
 * its place and `ENOTDIR` where one is in a parent's
 */
export function makeWithParents(folder: string, mode = 0o777): void {
  make(resolve(folder), mode);
}

function make(folder: string, mode: number): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (!existsSync(parent)) make(parent, mode);
  try {
    mkdirSync(folder, mode);
  } catch (cause) {
    // Another process made it meanwhile.
    if (!isFolder(folder)) throw cause;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
