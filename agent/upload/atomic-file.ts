// Files that are there whole or not at all, whenever the power goes: written beside, synced, renamed, folder synced.
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeWithParents } from '#command-line/make-folder.ts';
import { DomainError } from '#core/errors.ts';

const temporaryMark = '.tmp-';
let count = 0;

/** @throws DomainError `storage-failed` */
export function writeAtomically(path: string, body: Uint8Array | string): void {
  try {
    writeWhole(path, body);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

function writeWhole(path: string, body: Uint8Array | string): void {
  const folder = dirname(path);
  const temporary = `${path}${temporaryMark}${process.pid}-${count++}`;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(folder);
}

/** Removes a file so that it stays removed after a power loss; one that is not there is fine. */
export function removeDurably(path: string): void {
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}

/** What a killed writer left behind. Only while no other writer is at work. */
export function removeTemporaries(folder: string): void {
  for (const name of readdirSync(folder)) if (name.includes(temporaryMark)) rmSync(join(folder, name), { force: true });
}

/** @throws DomainError `storage-failed` */
export function makeFolder(path: string): void {
  try {
    makeWithParents(path, 0o700);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/** Says which file, and what its owner can do; anything but a fault of the file system stays what it is. */
export function cannotWrite(path: string, cause: unknown): unknown {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return cause;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const advice = isFull ? 'the disk is full: make room and start again, it goes on where it was' : code;
  return new DomainError('storage-failed', `cannot write ${path}: ${advice}`, { cause });
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
