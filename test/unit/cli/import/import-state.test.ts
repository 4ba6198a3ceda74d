import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepImportState, readImportState } from '#cli/import/import-state.ts';

const api = 'https://example.org';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-import-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what is kept is read again by an import into the same service only', () => {
  const file = join(folder, 'new', 'state.json');
  const verdict = {
    status: 'accepted',
    targetId: 'pixel-3',
    measurements: 10,
    excludedCount: 0,
    reason: null,
  } as const;
  const state = { api, finished: { ab: verdict } };
  keepImportState(file, state);
  expect(readImportState(file, api)).toEqual(state);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readImportState(file, 'https://other.example.org').finished).toEqual({});
});

test.runIf(existsSync('/proc/self'))('a state that cannot be kept is refused by name and not tried for ever', () => {
  const file = '/proc/sugarbush/state.json';
  const refusal = { code: 'storage-failed', message: `cannot write ${file}: ENOENT` };
  expect(() => keepImportState(file, readImportState(file, api))).toThrow(expect.objectContaining(refusal));
});
