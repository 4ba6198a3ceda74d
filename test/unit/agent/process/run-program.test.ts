import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findProgram } from '#agent/process/find-program.ts';
import { describeEnd, lastLines, runProgram } from '#agent/process/run-program.ts';

/** A process that has ended may stay as a zombie (state Z) until its new parent looks. */
const isRunning = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

describe('runProgram, with real programs', () => {
  test('gives both streams, the exit code, and passes input and environment', async () => {
    const result = await runProgram(['sh', '-c', 'cat; echo "$GREETING" >&2; exit 3'], {
      timeoutS: 10,
      input: 'hello',
      env: { GREETING: 'hi' },
    });
    expect(result).toEqual({ stdout: 'hello', stderr: 'hi\n', exitCode: 3, signal: null, timedOut: false });
    expect(describeEnd(result, 10)).toBe('exit code 3');
  });

  test('arguments are not read by a shell', async () => {
    expect((await runProgram(['printf', '%s', '$(id) ; *'], { timeoutS: 10 })).stdout).toBe('$(id) ; *');
  });

  test('a program that crashes is told by its signal', async () => {
    const result = await runProgram(['sh', '-c', 'kill -SEGV $$'], { timeoutS: 10 });
    expect(describeEnd(result, 10)).toBe('signal SIGSEGV');
  });

  test('the time limit ends the program and what it started', async () => {
    const result = await runProgram(['sh', '-c', 'sleep 60 & echo $!; wait'], { timeoutS: 0.3 });
    expect(result.timedOut).toBe(true);
    expect(describeEnd(result, 0.3)).toBe('no end within 0.3 s');
    await expect.poll(() => isRunning(Number(result.stdout))).toBe(false);
  });

  test('an abort ends it too', async () => {
    const abort = new AbortController();
    const running = runProgram(['sleep', '60'], { timeoutS: 60, signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(runProgram(['true'], { timeoutS: 1, signal: abort.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  test('a missing program and one that reads no input are no crash', async () => {
    await expect(runProgram(['/no/such/program'], { timeoutS: 1 })).rejects.toMatchObject({ code: 'program-missing' });
    expect((await runProgram(['true'], { timeoutS: 10, input: 'x'.repeat(1e6) })).exitCode).toBe(0);
  });

  test('output past the limit is dropped, not waited for', async () => {
    const result = await runProgram(['head', '-c', '30000000', '/dev/zero'], { timeoutS: 20 });
    expect(result.exitCode).toBe(0);
    expect(result.stdout.length).toBeLessThan(10e6);
  });
});

test('findProgram looks along PATH and takes a path as it is', () => {
  expect(findProgram('sh')).toMatch(/\/sh$/);
  expect(findProgram('no-such-program')).toBeUndefined();
  expect(findProgram('/etc/passwd')).toBeUndefined();
  expect(findProgram('/bin/sh', '')).toBe('/bin/sh');
});

test('lastLines keeps the end', () => {
  expect(lastLines('a\nb\nc\n', 2)).toBe('b\nc');
});
