import { expect, test } from 'vitest';
import { targetOfColumn } from '#cli/import/table-profiles.ts';
import type { TargetRecord } from '#core/targets/target-record.ts';
import { mostTargetsOfDevice, trainingVerdicts } from '#core/training/snapshot/training-rule.ts';

const base: TargetRecord = {
  targetId: 't',
  title: 't',
  source: 'device',
  measurements: 64,
  workloads: [],
  excluded: {},
  quality: 'good',
  target: targetOfColumn('t'),
  profiles: 1,
  devices: ['d'],
  descriptor: null,
  explained: 0.9,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

const verdictOf = (change: Partial<TargetRecord>): string => {
  const verdict = trainingVerdicts([{ ...base, ...change }]).get('t')!;
  return verdict.enters ? 'enters' : verdict.code;
};

test.each([
  ['enters', {}],
  ['too-few-measurements', { measurements: 63 }],
  ['enters', { measurements: 12, models: 12 }],
  ['too-few-measurements', { measurements: 63, models: 11 }],
  ['too-few-measurements', { measurements: 74, models: 11 }],
  ['enters', { measurements: 75, models: 11 }],
  ['unexplained', { measurements: 17, models: 17, explained: 0.05 }],
  ['contradictory', { quality: 'contradictory', qualityReason: 'no' }],
  ['unexplained', { explained: 0.09 }],
  ['unexplained', { explained: -2 }],
  ['unexplained', { explained: null }],
  ['enters', { explained: 0.1 }],
] as [string, Partial<TargetRecord>][])('%s: %j', (code, change) => {
  expect(verdictOf(change)).toBe(code);
});

test('what nobody has predicted yet enters, for there is nothing to judge it by', () => {
  const { explained: _, ...unknown } = base;
  expect(trainingVerdicts([unknown]).get('t')).toEqual({ enters: true });
});

test('a device’s first targets enter, however many it has; those of a table and of other devices do too', () => {
  const of = (targetId: string, more: Partial<TargetRecord>): TargetRecord => ({ ...base, targetId, ...more });
  const flood = Array.from({ length: 40 }, (_, i) =>
    of(`f${i}`, { createdAt: new Date(Date.UTC(2026, 1, 1, 0, 40 - i)).toISOString() }),
  );
  const table = Array.from({ length: 40 }, (_, i) => of(`t${i}`, { source: 'table' }));
  // Two that somebody else measures too, whoever came first.
  const shared = [
    of('other', { devices: ['e', 'd'] }),
    of('shared', { devices: ['d', 'f'], createdAt: '2026-12-01T00:00:00.000Z' }),
  ];
  const verdicts = trainingVerdicts([...flood, ...table, ...shared]);
  const entering = [...verdicts].filter(([, { enters }]) => enters).map(([id]) => id);
  expect(entering.filter((id) => id.startsWith('f'))).toHaveLength(mostTargetsOfDevice);
  expect(verdicts.get('f39')).toEqual({ enters: true });
  expect(verdicts.get('f0')).toMatchObject({ enters: false, code: 'too-many-of-device' });
  expect(entering.filter((id) => id.startsWith('t'))).toHaveLength(40);
  expect(entering).toEqual(expect.arrayContaining(['other', 'shared']));
});
