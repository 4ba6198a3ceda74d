import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nominalMemoryMib, type Profile, profileEnvelopeSchema, profileSchema } from '#core/dataset/profile.ts';
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

describe('profile, version 1', () => {
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
    ['schemaVersion', 2],
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
    ['target.workload.searchSpace', 'resnet'],
    ['target.workload.inputSize', null],
    ['target.workload.batchSize', 0],
    ['target.workload.precision', 'float'],
    ['context.deviceId', 'a/b'],
    ['context.before.load1', -1],
    ['context.clock.startedAt', 'yesterday'],
    ['measurements', []],
    ['measurements.0.architecture', ''],
    ['measurements.0.latency.medianMs', 0],
    ['measurements.0.latency.medianMs', '12'],
    ['measurements.0.latency.spreadMs', -0.1],
    ['measurements.0.runs', 0],
    ['measurements.0.samplesMs', []],
    ['measurements.0.weights', [0.1]],
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

  it('lets the architecture state the input size in ofa, and takes no descriptor there', () => {
    const ofa = (inputSize: number | null, descriptor: Profile['descriptor']): unknown => {
      const profile = example();
      const workload = { ...profile.target.workload, searchSpace: 'ofa', inputSize };
      return { ...profile, descriptor, target: { ...profile.target, workload } };
    };
    expect(issuePaths(ofa(null, null))).toEqual([]);
    expect(issuePaths(ofa(224, null))).toEqual(['target.workload.inputSize']);
    expect(issuePaths(ofa(null, example().descriptor))).toEqual(['descriptor']);
  });

  it('parses the envelope without looking at the measurements', () => {
    expect(profileEnvelopeSchema.safeParse({ ...example(), measurements: [1, 'x', null] }).success).toBe(true);
    expect(profileEnvelopeSchema.safeParse({ ...example(), measurements: [] }).success).toBe(false);
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
