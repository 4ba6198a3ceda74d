// How fast a machine is just now: one small model, timed in a process of its own on the processors of a target. Machines
// that others share have slow minutes, which no counter of this system shows.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

export interface MachineCanary {
  readonly model: string;
  /** Where the fastest time that was ever seen is kept, ms. */
  readonly bestFile: string;
  /** How a program is started on the target's processors. */
  readonly pin: readonly string[];
  /** How much slower than its best it may be, a fraction. */
  readonly limit: number;
}

const program = fileURLToPath(new URL('time-canary.ts', import.meta.url));
const restMs = 5000;

/** @returns whether the machine is about as fast as it ever was
 * @throws Error where the model does not run */
export function isFast({ model, bestFile, pin, limit }: MachineCanary): boolean {
  const [command, ...words] = [...pin, process.execPath, program, model];
  const { status, stdout, stderr } = spawnSync(command!, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the canary ${model} does not run: ${stderr.trim()}`);
  const ms = z.coerce.number().positive().parse(stdout);
  const best = Math.min(ms, existsSync(bestFile) ? Number(readFileSync(bestFile, 'utf8')) : ms);
  writeFileSync(bestFile, String(best));
  return ms <= best * (1 + limit);
}

/** Rests until the machine is fast. @returns false where it was not by `endMs` (of performance.now) */
export async function untilFast(canary: MachineCanary, endMs: number): Promise<boolean> {
  while (!isFast(canary)) {
    if (performance.now() + restMs > endMs) return false;
    await sleep(restMs);
  }
  return true;
}
