// What becomes of a bundle that is deployed: it runs from code that was compiled when the app was synthesised, else as
// if there were none, and its stacks name the sources.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleOptions, compileBundles } from '#infra/bundling.ts';

const source = `import { sep } from 'node:path';
const failing = (): never => {
  throw new RangeError('as meant');
};
export const handler = async (event: { readonly fails: boolean }): Promise<string> =>
  event.fails ? failing() : [typeof import.meta.url, sep, (await import('node:os')).EOL].join(' ');
`;

let parent: string;
let deployed: string;

function bundleInto(folder: string): string {
  buildSync({ ...bundleOptions, entryPoints: [join(parent, 'answer.ts')], outfile: join(folder, 'index.js') });
  compileBundles([folder]);
  return folder;
}

/** What a fresh process prints. */
const printed = (code: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });

const answerOf = (folder: string, fails = false): string =>
  printed(`
    const { handler } = await import(${JSON.stringify(join(folder, 'index.mjs'))});
    console.log(await handler({ fails: ${fails} }).catch((error) => error.stack));
  `);

/** Whether V8 takes the compiled code. */
const isTaken = (folder: string): boolean =>
  printed(`
    import { readFileSync } from 'node:fs';
    import { Script } from 'node:vm';
    const file = ${JSON.stringify(join(folder, 'function.js'))};
    const cachedData = readFileSync(file + '.cache');
    console.log(new Script(readFileSync(file, 'utf8'), { filename: file, cachedData }).cachedDataRejected);
  `).trim() === 'false';

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'sugarbush-loader-'));
  writeFileSync(join(parent, 'answer.ts'), source);
  deployed = bundleInto(join(parent, 'deployed'));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

test('it answers, from the code that was compiled', () => {
  expect(answerOf(deployed)).toBe('string / \n\n');
  expect(isTaken(deployed)).toBe(true);
});

test('a stack names the file, line and column of the source', () => {
  const [first, second] = answerOf(deployed, true).split('\n');
  expect(first).toBe('RangeError: as meant');
  expect(second).toMatch(/answer\.ts:3:9\)?$/);
});

test('code that another V8 has compiled, or that is not whole, is compiled anew', () => {
  const compiled = readFileSync(join(deployed, 'function.js.cache'));
  // V8's own version stands hashed in the second word.
  const ofAnother = Uint8Array.from(compiled, (byte, i) => (i === 4 ? byte ^ 0xff : byte));
  for (const [name, bytes] of [
    ['another', ofAnother],
    ['cut', compiled.subarray(0, compiled.length / 2)],
    ['empty', new Uint8Array()],
  ] as const) {
    const folder = join(parent, name);
    cpSync(deployed, folder, { recursive: true });
    writeFileSync(join(folder, 'function.js.cache'), bytes);
    expect([name, isTaken(folder)]).toEqual([name, false]);
    expect([name, answerOf(folder)]).toEqual([name, 'string / \n\n']);
  }
});

test('the same bundle is compiled to the same bytes, whatever is compiled before it', () => {
  const again = join(parent, 'again');
  const before = join(parent, 'before');
  for (const folder of [before, again]) {
    buildSync({ ...bundleOptions, entryPoints: [join(parent, 'answer.ts')], outfile: join(folder, 'index.js') });
  }
  writeFileSync(join(before, 'index.js'), readFileSync(join(before, 'index.js'), 'utf8').replaceAll('meant', 'other'));
  compileBundles([before, again]);
  const bytes = (folder: string): Buffer => readFileSync(join(folder, 'function.js.cache'));
  expect(bytes(again).equals(bytes(deployed))).toBe(true);
});
