import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeDurably, removeTemporaries, writeAtomically } from '#agent/upload/atomic-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('writes, overwrites, removes, for this user only', () => {
  const path = join(folder, 'a');
  writeAtomically(path, 'one');
  writeAtomically(path, Buffer.from('two'));
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['a']);
  removeDurably(path);
  removeDurably(path);
  expect(existsSync(path)).toBe(false);
});

test('killed in the middle of a write, there is the whole file or none', async () => {
  const sizeBytes = 16 * 2 ** 20;
  const module = new URL('../../../../agent/upload/atomic-file.ts', import.meta.url).href;
  const script = `
    import { writeAtomically } from '${module}';
    const body = Buffer.alloc(${sizeBytes}, 7);
    process.stdout.write('ready');
    for (let i = 0; ; i++) writeAtomically('${folder}/file-' + (i % 20), body);`;
  for (const afterMs of [1, 2, 4, 7, 11, 16, 22, 29]) {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    writer.kill('SIGKILL');
    await ended;
    removeTemporaries(folder);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size, name).toBe(sizeBytes);
  }
}, 30_000);
