// Walks the recipe "Add a counter" of CONTRIBUTING.md on a throw-away one: a line in the list, added for this test
// alone.
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { counterEvents } from '#agent/perf/events.ts';
import { probePerf } from '#agent/perf/probe.ts';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import type { Counter } from '#core/descriptor/counter-list.ts';
import { type CounterName, counterNames } from '#core/descriptor/counters.ts';
import { descriptorColumns, descriptorVector } from '#core/descriptor/vector.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

vi.mock(import('#core/descriptor/counter-list.ts'), async (original) => {
  const { counterList } = await original();
  const stalled = { kind: 'hardware', kernelOnly: false, event: 'stalled-cycles-backend' };
  return { counterList: { ...counterList, 'stalled-cycles': stalled } as unknown as typeof counterList };
});
vi.mock(import('#agent/perf/perf-command.ts'), async (original) => ({
  ...(await original()),
  // A processor that has this one counter.
  perfStat: async (_, events) => {
    const value = events === 'stalled-cycles-backend' ? 7 : ('not-supported' as const);
    return { rows: [{ event: events, value, runningPercent: 100 }], other: [], program: { stderr: '' } } as never;
  },
}));

// In the product the list's line makes this type too.
const name = 'stalled-cycles' as string as CounterName;

function profileWith(counter: string): unknown {
  const profile = structuredClone(exampleProfile) as { descriptor: NonNullable<Profile['descriptor']> };
  const operators = profile.descriptor.operators as Record<string, { counters: Record<string, number> }>;
  operators['stage2/none']!.counters[counter] = 12;
  return profile;
}

test('the agent asks perf for it', async () => {
  expect(counterEvents.at(-1)).toMatchObject({ counter: name, event: 'stalled-cycles-backend' });
  const { status } = await probePerf({} as Parameters<typeof probePerf>[0]);
  expect(Object.entries(status).filter(([, each]) => each === 'supported')).toEqual([[name, 'supported']]);
});

test('profiles may have it, and it is a column of each operator', () => {
  expect(profileSchema.safeParse(profileWith(name)).success).toBe(true);
  expect(profileSchema.safeParse(profileWith('beads')).success).toBe(false);
  const columns = descriptorColumns('nasbench201');
  expect(columns.filter((column) => column.endsWith(`:${name}`))).toHaveLength(21);
  const { descriptor } = profileSchema.parse(profileWith(name));
  const { names, values } = descriptorVector(descriptor, 'nasbench201', 'raw');
  expect(values[names.indexOf(`stage2/none:${name}`)]).toBe(12);
});

test('a target says that it was counted', () => {
  const schema = targetRecordSchema.shape.descriptor;
  const counters = (value: string) => schema.safeParse(JSON.parse(JSON.stringify({ counters: [value] })));
  const about = (value: string) => JSON.stringify(counters(value).error?.issues.map(({ path }) => path) ?? []);
  expect(about(name)).not.toContain('counters');
  expect(about('beads')).toContain('counters');
});

test('the documents name each, and the test of that finds one that is forgotten', () => {
  const docs = readFileSync('docs/profile-format.md', 'utf8');
  const missing = counterNames.filter((counter) => !docs.includes(`\`${counter}\``));
  expect(missing).toEqual([name]);
});

test('the compiler says what is missing', () => {
  const whole = { kind: 'hardware', kernelOnly: false, event: 'e' } as const;
  const { event, ...noEvent } = whole;
  // @ts-expect-error without perf's event
  const without: Counter = noEvent;
  const { kernelOnly, ...noWord } = whole;
  // @ts-expect-error without a word on where it happens
  const wordless: Counter = noWord;
  expect([without, wordless, event, kernelOnly]).toHaveLength(4);
});
