// One stack per state folder: a lock file that names its owner, and is taken over when that process is gone (also after
// kill -9, when nobody could remove it).
import { accessSync, constants, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { makeWithParents } from '#command-line/make-folder.ts';
import { startError } from './full-disk.ts';
import { StackError } from './stack-error.ts';

const ownerSchema = z.object({ pid: z.number().int().positive(), started: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/**
 * @returns a function that gives the folder free again
 * @throws StackError while another live process holds the folder, or where there can be no folder
 */
export function lockState(stateDir: string): () => void {
  makeFolder(stateDir);
  const file = join(stateDir, 'lock.json');
  const mine = join(stateDir, `lock.${process.pid}.json`);
  const owner: Owner = { pid: process.pid, started: startOf(process.pid) };
  try {
    writeFileSync(mine, JSON.stringify(owner));
    while (!tryLink(mine, file)) {
      const holder = readOwner(file);
      if (holder && isAlive(holder)) {
        throw new StackError(
          `the state folder '${resolve(stateDir)}' is in use by process ${holder.pid}: ` +
            'stop it, or choose another folder to run a second stack',
        );
      }
      removeStale(file, holder, stateDir);
    }
  } catch (error) {
    throw startError(error, stateDir);
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    const holder = readOwner(file);
    if (holder?.pid === owner.pid && holder.started === owner.started) rmSync(file, { force: true });
  };
}

function makeFolder(stateDir: string): void {
  try {
    makeWithParents(stateDir);
    accessSync(stateDir, constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'there is a file in its place' : (cause as Error).message;
    throw new StackError(`the state folder '${resolve(stateDir)}' cannot be used: ${why}`, { cause });
  }
}

/** Makes the lock file with its content in one step. */
function tryLink(mine: string, file: string): boolean {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the stale file away; one that another starter has made meanwhile is put back. */
function removeStale(file: string, stale: Owner | undefined, stateDir: string): void {
  const aside = join(stateDir, `lock.stale.${process.pid}.json`);
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readOwner(aside);
  if (moved && (moved.pid !== stale?.pid || moved.started !== stale.started)) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function readOwner(file: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // The number may have gone to another process since.
  const now = startOf(pid);
  return now === '' || started === '' || now === started;
}

/** When the process started, in the kernel's own count; empty where the system does not say. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22; the second field is the command in parentheses and may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
