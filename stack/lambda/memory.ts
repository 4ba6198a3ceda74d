// How much memory a process holds, from outside it: a handler that blocks its thread cannot be asked.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * @returns MiB of resident memory: the highest ever on Linux, the present one elsewhere; 0 where the process is gone or
 * the system does not say.
 */
export async function peakMemoryMiB(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  }
  if (process.platform === 'win32') return 0;
  const listed = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return Number(listed.stdout.trim() || 0) / 1024;
}
