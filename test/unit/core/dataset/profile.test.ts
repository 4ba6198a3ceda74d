import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Profile, profileEnvelopeSchema, profileSchema } from '#core/dataset/profile.ts';
import { nominalMemoryMib } from '#core/dataset/profile-target.ts';
import { counterNames } from '#core/descriptor/counters.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { profileJsonSchema, profileSchemaPath } from '#scripts/write-profile-schema.ts';

const file = new URL('../../../fixtures/profiles/raspberry-pi-5.json', import.meta.url);
const example = (): Profile => JSON.parse(readFileSync(file, 'utf8')) as Profile;

/** The example with the value at `path` replaced, or deleted where undefined. */
function broken(path: string, value: unknown): unknown {
  const profile = example();
  const keys = path.split('.');
  const last = keys.pop()!;
  let parent = profile as unknown as Record<string, unknown>;
  for (const key of keys) parent = parent[key] as Record<string, unknown>;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return profile;
}

function issuePaths(value: unknown): string[] {
  const result = profileSchema.safeParse(value);
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join('.'));
}

describe('profile, version 2', () => {
  it('accepts the committed example, which is what its script writes', () => {
    expect(profileSchema.parse(example())).toEqual(exampleProfile);
    expect(profileEnvelopeSchema.safeParse(example()).success).toBe(true);
  });

  it('is exported as the committed JSON Schema; if not: node scripts/write-profile-schema.ts', () => {
    expect(readFileSync(profileSchemaPath, 'utf8')).toBe(profileJsonSchema());
  });

  it('names every counter in docs/profile-format.md', () => {
    const docs = readFileSync(new URL('../../../../docs/profile-format.md', import.meta.url), 'utf8');
    expect(counterNames.filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
  });

  it.each([
    ['schemaVersion', 1],
    ['schemaVersion', 3],
    ['schemaVersion', undefined],
    ['weights', [1, 2]],
    ['target.hardware.model', null],
    ['target.hardware.model', ''],
    ['target.hardware.model', 'two\nlines'],
    ['target.hardware.model', 'lone \ud800'],
    ['target.hardware.vendor', undefined],
    ['target.hardware.cores', 0],
    ['target.hardware.cores', 1.5],
    ['target.hardware.memoryMib', 7937],
    ['target.runtime.name', 'ONNX Runtime'],
    ['target.runtime.settings.Threads', 1],
    ['target.precision', 'float'],
    ['target.precision', undefined],
    ['target.workload', { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1, precision: 'fp32' }],
    ['workloads', undefined],
    ['workloads', []],
    ['workloads.0.searchSpace', 'resnet'],
    ['workloads.0.inputSize', null],
    ['workloads.0.inputSize', 30],
    ['workloads.0.batchSize', 0],
    ['workloads.0.precision', 'fp32'],
    ['workloads.1', { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 }],
    ['measurements.0.workload', 2],
    ['measurements.0.workload', -1],
    ['measurements.0.workload', undefined],
    ['context.deviceId', 'a/b'],
    ['context.before.load1', -1],
    ['context.clock.startedAt', 'yesterday'],
    ['measurements.0.architecture', ''],
    ['measurements.0.latency.medianMs', 0],
    ['measurements.0.latency.medianMs', '12'],
    ['measurements.0.latency.spreadMs', -0.1],
    ['measurements.0.runs', 0],
    ['measurements.0.samplesMs', []],
    ['measurements.0.weights', [0.1]],
    ['descriptor.list', 'fbnet'],
    ['descriptor.list', undefined],
    ['descriptor.inputSize', null],
    ['descriptor.inputSize', 30],
    ['descriptor.batchSize', 0],
    ['descriptor.operators.stage9/none', { latency: 'unsupported', runs: null, counters: {}, runningPercent: {} }],
    ['descriptor.operators.stage1/none', undefined],
    ['descriptor.operators.stage2/none.latency', 0],
    ['descriptor.operators.stage2/none.latency', 'unsupported'],
    ['descriptor.operators.stage2/none.counters.cpu-cycles', -1],
    ['descriptor.operators.stage2/none.counters.cpu-cycles', null],
    ['descriptor.operators.stage2/none.counters.gpu-cycles', 1],
    ['descriptor.operators.stage2/none.runningPercent.instructions', 0],
    ['descriptor.operators.stage2/none.runningPercent.LLC-stores', 50],
  ])('refuses %s = %j', (path, value) => {
    expect(issuePaths(broken(path, value))).not.toEqual([]);
  });

  it('names the field that is wrong', () => {
    expect(issuePaths(broken('measurements.3.latency.medianMs', -2))).toEqual(['measurements.3.latency.medianMs']);
    expect(issuePaths(broken('descriptor.operators.backbone/pool', undefined))).toEqual([
      'descriptor.operators.backbone/pool',
    ]);
  });

  it('lets the architecture state the input size in ofa', () => {
    const ofa = (inputSize: number | null): unknown => {
      const profile = example();
      const workload = { searchSpace: 'ofa', inputSize, batchSize: 1 } as const;
      return { ...profile, workloads: [profile.workloads[0], workload] };
    };
    expect(issuePaths(ofa(null))).toEqual([]);
    expect(issuePaths(ofa(224))).toEqual(['workloads.1.inputSize']);
  });

  it('holds at most 64 workloads, each once', () => {
    const withWorkloads = (count: number): unknown => {
      const workloads = Array.from({ length: count }, (_, i) => ({ ...example().workloads[0]!, batchSize: i + 1 }));
      return { ...example(), workloads };
    };
    expect(issuePaths(withWorkloads(64))).toEqual([]);
    expect(issuePaths(withWorkloads(65))).toEqual(['workloads']);
    const [first, second] = example().workloads;
    expect(issuePaths({ ...example(), workloads: [first, second, { ...first! }] })).toEqual(['workloads.2']);
  });

  it('has a network that was measured, or an operator of a descriptor', () => {
    const { descriptor } = example();
    const nothing = { ...example(), workloads: [], measurements: [] };
    expect(issuePaths(nothing)).toEqual([]);
    expect(issuePaths({ ...nothing, descriptor: null })).toEqual(['measurements']);
    const operators = Object.fromEntries(
      Object.entries(descriptor!.operators).map(([key, operator]) => [
        key,
        { ...operator, latency: 'unsupported', runs: null },
      ]),
    );
    expect(issuePaths({ ...nothing, descriptor: { ...descriptor!, operators } })).toEqual(['measurements']);
  });

  it('parses the envelope without looking at the measurements', () => {
    expect(profileEnvelopeSchema.safeParse({ ...example(), measurements: [1, 'x', null] }).success).toBe(true);
    expect(profileEnvelopeSchema.safeParse({ ...example(), descriptor: null, measurements: [] }).success).toBe(false);
  });

  it('rounds reported memory up to what the device was sold with', () => {
    // 8 GiB board under two kernels, a 4 GB virtual machine, a 512 MiB board, and an exact value.
    expect(nominalMemoryMib(8_455_000_000)).toBe(8192);
    expect(nominalMemoryMib(8_320_000_000)).toBe(8192);
    expect(nominalMemoryMib(4_123_000_000)).toBe(4096);
    expect(nominalMemoryMib(440_000_000)).toBe(512);
    expect(nominalMemoryMib(2 * 2 ** 30)).toBe(2048);
  });
});
