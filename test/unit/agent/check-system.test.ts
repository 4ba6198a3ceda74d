// The file that `sugarbush-agent` starts: its words, and that old Nodes can read it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { nativeProblem } from '#agent/runtimes/native-support.ts';

const { problemOf } = createRequire(import.meta.url)('../../../agent/check-system.cjs') as {
  problemOf(system: { version: string; platform: string; arch: string }): string | undefined;
};
const system = { version: 'v20.10.0', platform: 'linux', arch: 'arm64' };

test.each([
  [{}, undefined],
  [{ version: 'v24.1.0', arch: 'x64' }, undefined],
  [{ version: 'v20.9.9' }, /needs Node 20\.10 or later; this is v20\.9\.9/],
  [{ version: 'v18.19.0' }, /needs Node 20\.10/],
  [{ version: 'v12.22.12' }, /needs Node 20\.10/],
  // 32 bits first: no Node helps there.
  [{ version: 'v12.22.12', arch: 'arm' }, /needs a 64-bit system.*built for arm\./],
  [{ arch: 'ia32' }, /built for ia32/],
  [{ platform: 'darwin' }, /measures on Linux; this is darwin/],
])('%o', (differs, expected) => {
  const problem = problemOf({ ...system, ...differs });
  if (expected === undefined) expect(problem).toBeUndefined();
  else expect(problem).toMatch(expected);
});

test('it has no syntax that is younger than ES5', () => {
  const code = readFileSync('agent/check-system.cjs', 'utf8')
    .replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '')
    .replace(/'(?:[^'\\]|\\.)*'/g, "''");
  expect(code).not.toMatch(/=>|`|\?\?|\?\.|\.\.\.|\b(const|let|class|import|export|async|await|of)\b/);
});

test('what ONNX Runtime’s native library cannot work on is told before it is loaded', () => {
  const arm = 'processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c';
  const x86 = 'processor\t: 0\nmodel name\t: AMD EPYC';
  const facts = (arch: string, glibc: string | undefined, cpuinfo: string | undefined) => ({
    ...{ arch, glibc },
    files: { text: () => cpuinfo, number: () => undefined, list: () => [] },
  });
  expect(nativeProblem(facts('arm64', '2.36', arm))).toBeUndefined();
  expect(nativeProblem(facts('x64', '2.28', x86))).toBeUndefined();
  expect(nativeProblem(facts('arm64', undefined, undefined))).toBeUndefined();
  expect(nativeProblem(facts('arm64', '2.27', arm))).toMatch(
    /needs glibc 2\.28; this system has 2\.27 \(as on JetPack 4\)/,
  );
  expect(nativeProblem(facts('arm64', '2.36', x86))).toMatch(/no ARM fields.*crashes there/);
});
