// Whether a program is still the one that measured earlier: what it is started with, and what those files hold.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { findProgram } from '../process/find-program.ts';

/** Larger files are told apart by size and time alone. */
const mostReadBytes = 64 * 2 ** 20;

/** A digest of a command: its words, and the content of the program and of every word that is a file (a script of an
 * interpreter, a configuration). 64 hexadecimal digits, the same as long as none of it changes. Total. */
export function programIdentity([program, ...args]: readonly [string, ...string[]]): string {
  const files = [findProgram(program) ?? program, ...args];
  return createHash('sha256')
    .update(JSON.stringify([program, ...args, ...files.map(contentOf)]))
    .digest('hex');
}

function contentOf(path: string): string | null {
  try {
    const { size, mtimeMs } = statSync(path);
    if (size > mostReadBytes) return `${size} ${mtimeMs}`;
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return null;
  }
}
