// Runs another program to its end, with a time limit that really ends it and everything it started. Nothing here knows
// what the program is.
import { spawn } from 'node:child_process';
import { DomainError } from '#core/errors.ts';
import { quietEnvironment } from '#core/onnx/quiet-environment.ts';

export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

export interface ProgramOptions {
  readonly timeoutS: number;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

/** What is kept of each stream; the rest is read and dropped, so that a chatty program never stalls. */
const mostOutputBytes = 8 * 2 ** 20;

/** @param argv program and arguments; no shell reads them.
 * @throws DomainError `program-missing` when there is no such program, `cancelled` when the signal aborts. */
export function runProgram(argv: readonly [string, ...string[]], options: ProgramOptions): Promise<ProgramResult> {
  const [program, ...rest] = argv;
  if (options.signal?.aborted === true) return Promise.reject(cancelled(program));
  return new Promise((resolve, reject) => {
    // A group of its own, so that the end reaches its children too (perf and what it wraps).
    const child = spawn(program, rest, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C', ...options.env, ...quietEnvironment },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let timedOut = false;
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended in the meantime.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, options.timeoutS * 1000);
    const onExit = (): void => end();
    process.once('exit', onExit);
    options.signal?.addEventListener('abort', end);
    const done = (): void => {
      clearTimeout(timer);
      process.off('exit', onExit);
      options.signal?.removeEventListener('abort', end);
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      done();
      reject(
        cause.code === 'ENOENT' || cause.code === 'EACCES'
          ? new DomainError('program-missing', `program '${program}' cannot be started: ${cause.code}`, { cause })
          : cause,
      );
    });
    child.once('close', (exitCode, signal) => {
      done();
      if (options.signal?.aborted === true) reject(cancelled(program));
      else resolve({ stdout: stdout(), stderr: stderr(), exitCode, signal, timedOut });
    });
    child.stdin.on('error', () => {}); // A program may end without reading its input.
    child.stdin.end(options.input ?? '');
  });
}

/** How it ended, for a message: `exit code 3`, `signal SIGSEGV`, `no end within 10 s`. */
export function describeEnd(result: ProgramResult, timeoutS: number): string {
  if (result.timedOut) return `no end within ${timeoutS} s`;
  return result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`;
}

/** Last lines of what a program said, for a message. */
export function lastLines(text: string, count = 5): string {
  return text.trimEnd().split('\n').slice(-count).join('\n').slice(-1000);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (sizeBytes < mostOutputBytes) chunks.push(chunk);
    sizeBytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function cancelled(program: string): DomainError {
  return new DomainError('cancelled', `'${program}' was stopped`);
}
