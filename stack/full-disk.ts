// A disk without space: how its errors are known, and how a person is told of them.
import { resolve } from 'node:path';
import { StackError } from './stack-error.ts';

const codes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];
/** A disk that is full fails every write; a line a minute is enough. */
const saidEveryMs = 60_000;
let saidAtMs = Number.NEGATIVE_INFINITY;

/** Whether an error says that there is no space left, or no more for this user. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code);
}

/** Says on standard error, at most once a minute, that the disk is full. @param consequence a whole sentence */
export function sayDiskFull(consequence: string): void {
  const nowMs = performance.now();
  if (nowMs - saidAtMs < saidEveryMs) return;
  saidAtMs = nowMs;
  console.error(`stack: there is no space left on the disk of the state folder. ${consequence} Free some space.`);
}

/** The error of a start: what to do about a full disk, or the error as it is. */
export function startError(error: unknown, stateDir: string): unknown {
  if (!isDiskFull(error)) return error;
  const folder = resolve(stateDir);
  const message = `there is no space left on the disk of the state folder '${folder}': free some, start again`;
  return new StackError(message, { cause: error });
}
