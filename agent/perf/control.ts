// Switches perf's counters on exactly around a region of a measured process. perf starts the process with its counters
// off (-D -1) and listens on a pipe; the process itself writes `enable` and `disable` there and waits for each `ack`.
// perf-stat(1), option --control. The pipes are file descriptors 3 and 4 of perf and of what it starts.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '#core/errors.ts';

export const controlFd = 3;
export const ackFd = 4;

/** perf-stat options that go with a wrapped command. */
export const controlOptions = ['-D', '-1', '--control', `fd:${controlFd},${ackFd}`] as const;

export interface ControlPipes {
  /** A shell that opens both pipes as descriptors 3 and 4 and becomes the command. */
  wrap(command: readonly string[]): [string, ...string[]];
  remove(): void;
}

/** The two named pipes by which perf is told when to count. The caller removes them.
 * @throws where `mkfifo` fails */
export function makeControlPipes(): ControlPipes {
  const base = join(tmpdir(), `sugarbush-control-${randomUUID()}`);
  const control = `${base}-control`;
  const ack = `${base}-ack`;
  execFileSync('mkfifo', ['-m', '600', control, ack]);
  return {
    // Opened for reading and writing, so that no open waits for the other side.
    wrap: (command) => ['sh', '-c', `exec "$@" ${controlFd}<>"$0" ${ackFd}<>"\${0%-control}-ack"`, control, ...command],
    remove() {
      for (const pipe of [control, ack]) rmSync(pipe, { force: true });
    },
  };
}

/** In the measured process. @throws DomainError `program-output` when perf answers something else. */
export function switchCounters(command: 'enable' | 'disable'): void {
  writeSync(controlFd, `${command}\n`);
  const answer = Buffer.alloc(16);
  const length = readSync(ackFd, answer, 0, answer.length, null);
  const text = answer.toString('latin1', 0, length).replaceAll('\0', '');
  if (text !== 'ack\n') throw new DomainError('program-output', `perf answered '${text}' to ${command}; allowed: ack`);
}
