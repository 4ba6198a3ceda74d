import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkPackageSizes } from '#scripts/package-size.ts';
import { lambda, writeAssembly } from './write-assembly.ts';

test('a function over the limit is named with its size, one under it is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-size-'));
  const assembly = writeAssembly(folder, { Large: lambda('index.echo') });
  expect(() => checkPackageSizes(assembly)).not.toThrow();
  expect(() => checkPackageSizes(assembly, 1000)).toThrow(/limit of 1000 bytes, unzipped: Large has \d{4,}$/);
  rmSync(folder, { recursive: true, force: true });
});
