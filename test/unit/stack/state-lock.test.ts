import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StackError } from '#stack/stack-error.ts';
import { lockState } from '#stack/state-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is made, held once, and given free', () => {
  const state = join(folder, 'new', 'state');
  const unlock = lockState(state);
  expect(() => lockState(state)).toThrow(`in use by process ${process.pid}`);
  unlock();
  lockState(state)();
  expect(readdirSync(state)).toEqual([]);
});

test('the lock of a process that is gone is taken over', () => {
  writeFileSync(join(folder, 'lock.json'), JSON.stringify({ pid: process.pid, started: 'before' }));
  lockState(folder)();
  writeFileSync(join(folder, 'lock.json'), 'half of a lo');
  lockState(folder)();
  expect(readdirSync(folder)).toEqual([]);
});

test.each(['file', 'file/state'])('a file in the folder’s place is named, not thrown at the reader: %s', (path) => {
  writeFileSync(join(folder, 'file'), 'kept');
  const refusal = `the state folder '${join(folder, path)}' cannot be used: there is a file in its place`;
  expect(() => lockState(join(folder, path))).toThrow(new StackError(refusal));
});

test.runIf(existsSync('/proc/self'))('where no folder can be made, that is said and not tried for ever', () => {
  expect(() => lockState('/proc/sugarbush/state')).toThrow("the state folder '/proc/sugarbush/state' cannot be used");
});
