// Who may read a file with a token, on files of a real file system.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exposedToken } from '#command-line/token-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-token-'));
const file = join(folder, 'token');
beforeAll(() => writeFileSync(file, 'sb_secret'));
afterAll(() => rmSync(folder, { recursive: true }));

test.runIf(process.platform !== 'win32').each([
  [0o600, false],
  [0o400, false],
  [0o640, true],
  [0o604, true],
  [0o777, true],
])('mode %o', (mode, isExposed) => {
  chmodSync(file, mode);
  const text = `warning: ${file} holds a token, and others may read it (mode ${mode.toString(8)}): chmod 600 ${file}\n`;
  expect(exposedToken(file)).toBe(isExposed ? text : undefined);
});

test('a file that is not there is none that others may read', () => {
  expect(exposedToken(join(folder, 'missing'))).toBeUndefined();
});
