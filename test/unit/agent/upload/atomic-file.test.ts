import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportModels } from '#agent/profile/models.ts';
import { makeFolder, removeDurably, removeTemporaries, writeAtomically } from '#agent/upload/atomic-file.ts';
import { openSpool } from '#agent/upload/spool.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

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

test('what cannot be written is named, with why', () => {
  writeFileSync(join(folder, 'file'), '');
  const wrong = { code: 'storage-failed' };
  const under = join(folder, 'file', 'a');
  expect(() => writeAtomically(under, '')).toThrow(expect.objectContaining(wrong));
  expect(() => makeFolder(under)).toThrow(`cannot write ${under}: ENOTDIR`);
});

test.runIf(existsSync('/proc/self'))('where no folder can be made, that is said and not tried for ever', () => {
  const inProc = '/proc/sugarbush/folder';
  expect(() => makeFolder(inProc)).toThrow(expect.objectContaining({ code: 'storage-failed' }));
  const workload = { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 } as const;
  expect(() => exportModels(inProc, workload, [], 0)).toThrow(`cannot write ${inProc}: ENOENT`);
});

test('folders are made with those above them, for this user only, and stay when they are there', () => {
  const path = join(folder, 'new', 'one');
  makeFolder(path);
  makeFolder(path);
  for (const made of [path, join(folder, 'new')]) expect(statSync(made).mode & 0o777).toBe(0o700);
});

test('on a full disk nothing is lost, and nothing half is left (as root, who may make a small disk)', ({ skip }) => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]).status !== 0) skip();
  try {
    const spool = openSpool(join(disk, 'spool'));
    const first = spool.add(exampleProfile);
    const ballast = join(disk, 'ballast');
    expect(() => writeFileSync(ballast, Buffer.alloc(1 << 20))).toThrow('ENOSPC');
    const full = /cannot write .*: the disk is full: make room and start again/;
    const next = { ...exampleProfile, context: { ...exampleProfile.context, kernel: 'x' } };
    expect(() => spool.add(next)).toThrow(full);
    expect(() => spool.accept(first, { uploadId: 'u' })).toThrow(full);
    expect(spool.pending().map(({ sha256 }) => sha256)).toEqual([first]);
    expect(readdirSync(join(disk, 'spool')).filter((name) => name.includes('.tmp-'))).toEqual([]);
    rmSync(ballast);
    spool.add(next);
    spool.accept(first, { uploadId: 'u' });
    expect(spool.pending()).toHaveLength(1);
  } finally {
    spawnSync('umount', [disk]);
  }
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
