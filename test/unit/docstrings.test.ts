// Every exported function says what it does: what it takes and gives, in which units, and what it throws, without the
// code. A test can only see that something is said.
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = '{core,contract,client,functions/shared,agent,stack,report,cli,command-line}/**/*.ts';
/** About to be replaced. */
const leaving = /^core\/predictor\//;

/** Names of exported functions, declared or as arrows, that no docstring stands before. */
function undocumented(source: string): string[] {
  const exported =
    /^export (?:async )?(?:function\*? *(\w+)|const (\w+)(?:: [^=]+)? = (?:async )?(?:<[^>]*>)?\([^=]*?\)(?:: [^=]+?)? =>)/gm;
  return [...source.matchAll(exported)]
    .filter(({ index }) => !source.slice(0, index).trimEnd().endsWith('*/'))
    .map(([, declared, arrow]) => (declared ?? arrow)!);
}

test('every exported function has a docstring', () => {
  const missing = globSync(sources, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !leaving.test(file))
    .flatMap((file) => undocumented(readFileSync(`${root}${file}`, 'utf8')).map((name) => `${file}: ${name}`));
  expect(missing).toEqual([]);
});

test('one that is missing is found, whatever kind of function it is', () => {
  const source = `// A header.
export function plain(a: number): void {}
/** Said. */
export function said(): void {}
export async function later(): Promise<void> {}
export function* each(): Generator<number> {}
export const arrow = (a: number): number => a;
export const typed: Op = (a) => a;
/** Said too,
 * in two lines. */
export const told = <T>(a: T): T => a;
export const constant = 3;
function own(): void {}
`;
  expect(undocumented(source)).toEqual(['plain', 'later', 'each', 'arrow', 'typed']);
});

test('a comment is a sentence of its own: none begins with a bare "Of"', () => {
  const bare = globSync(sources, { cwd: root }).flatMap((file) =>
    [...readFileSync(`${root}${file}`, 'utf8').matchAll(/^\s*(?:\/\*\*|\/\/) Of [a-z\d`]/gm)].map(() => file),
  );
  expect(bare.filter((file) => !leaving.test(file))).toEqual([]);
});
