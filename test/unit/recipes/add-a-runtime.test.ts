// Walks the recipe "Add a runtime of the agent" of CONTRIBUTING.md on a throw-away one: a file and a line in the list,
// which is added for this test alone.
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { measuringOptions } from '#agent/commands/measuring-options.ts';
import { defaultStopRule } from '#agent/measure/stop-rule.ts';
import {
  createRuntime,
  detectRuntimes,
  type RuntimeName,
  runtimeNames,
  runtimePrograms,
  runtimeRow,
} from '#agent/runtimes/registry.ts';
import { fromSamples, type MeasureRequest, type Runtime } from '#agent/runtimes/runtime.ts';
import type { RuntimeEntry, RuntimeOptions } from '#agent/runtimes/runtime-list.ts';

/** Its file: agent/runtimes/abacus.ts. */
const abacus = (path = 'abacus'): Runtime => ({
  name: 'abacus',
  executionProvider: 'beads',
  counts: false,
  modelSuffix: '.wood',
  heeds: [],
  precisions: ['int8'],
  detect: async () => ({ found: true, version: '1', path }),
  measure: async ({ rule }) => fromSamples([2, 4, 6], rule.sampling.tolerance),
});

const line = vi.hoisted(() => ({
  what: 'beads on wires',
  needs: '`abacus`',
  program: 'abacus',
  open: (_: RuntimeOptions): Runtime => {
    throw new Error('set below');
  },
}));
vi.mock(import('#agent/runtimes/runtime-list.ts'), async (original) => {
  const { runtimeList } = await original();
  return { runtimeList: { ...runtimeList, abacus: line } as unknown as typeof runtimeList };
});
line.open = ({ program }) => abacus(program);

// In the product the list's line makes this type too.
const name = 'abacus' as string as RuntimeName;

test('the command line offers it, and its program is one of those that --program names', () => {
  expect(runtimeNames.at(-1)).toBe('abacus');
  expect(measuringOptions.runtime.help).toMatch(/, abacus$/);
  expect(measuringOptions.runtime.schema.parse('abacus')).toBe('abacus');
  expect(runtimePrograms).toEqual(['trtexec', 'benchmark_model', 'abacus']);
  expect(measuringOptions.program.help).toContain('abacus');
});

test('doctor looks for it, and a measurement runs in it', async () => {
  expect((await detectRuntimes())[name]).toEqual({ found: true, version: '1', path: 'abacus' });
  const runtime = createRuntime({ name, program: '/opt/abacus' });
  expect(await runtime.detect()).toMatchObject({ path: '/opt/abacus' });
  const { latency } = await runtime.measure({ rule: defaultStopRule } as MeasureRequest);
  expect(latency.medianMs).toBe(4);
});

test('a name that is not its line’s is found', () => {
  for (const each of runtimeNames) expect(createRuntime({ name: each, command: 'c' }).name).toBe(each);
});

test('the test of the documents looks for its line', () => {
  expect(runtimeRow(name)).toBe('| `abacus` | beads on wires | no | `abacus` |');
  expect(readFileSync('docs/measuring.md', 'utf8')).not.toContain(runtimeRow(name));
});

test('the compiler says what is missing', () => {
  // `npm run check` compiles this file: a line below that was no error any more would be one.
  const { what, needs, program, open } = line;
  // @ts-expect-error without the words for the documents
  const noWords: RuntimeEntry = { program, open };
  // @ts-expect-error without a word on its program
  const noProgram: RuntimeEntry = { what, needs, open };
  // @ts-expect-error without a way to open it
  const noOpen: RuntimeEntry = { what, needs, program };
  const { detect, ...blind } = abacus();
  // @ts-expect-error a runtime that doctor cannot look for
  const noDetect: Runtime = blind;
  expect([noWords, noProgram, noOpen, noDetect, detect]).toHaveLength(5);
});
