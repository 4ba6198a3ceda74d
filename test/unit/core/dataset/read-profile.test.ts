// Profiles of version 1 are read and mapped; what they say is what version 2 would have said.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Profile } from '#core/dataset/profile.ts';
import { profileSchema } from '#core/dataset/profile.ts';
import { anyProfileSchema, readEnvelope } from '#core/dataset/read-profile.ts';
import { targetId } from '#core/dataset/target-id.ts';
import type { ProfileV1 } from '#core/dataset/version-1/profile-v1.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const folder = new URL('../../../fixtures/profiles/version-1/', import.meta.url);
const readV1 = (file: string): ProfileV1 => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as ProfileV1;

/** The same in the words of version 1; it must be of one workload. */
function asV1({ workloads: [workload], target, descriptor, measurements, ...rest }: Profile): unknown {
  const { precision, ...machine } = target;
  const { list: _list, inputSize: _inputSize, batchSize: _batchSize, ...values } = descriptor ?? {};
  return {
    ...rest,
    schemaVersion: 1,
    target: { ...machine, workload: { ...workload, precision } },
    descriptor: descriptor && values,
    measurements: measurements.map(({ workload: _, ...measured }) => measured),
  };
}

describe('a profile of version 1', () => {
  it('is read as version 2: what was run leaves the target, precision stays in it', () => {
    const profile = anyProfileSchema.parse(readV1('ofa-by-hand.json'));
    const unknown = { frequencyMhz: null, load1: null, temperatureC: null };
    expect(profile).toEqual({
      schemaVersion: 2,
      target: {
        hardware: { vendor: null, model: 'Board 7', cpu: null, cores: 2, memoryMib: 512, accelerator: 'none' },
        runtime: { name: 'tflite', version: null, executionProvider: 'cpu', settings: { threads: 1 } },
        precision: 'int8',
      },
      context: {
        agentVersion: 'hand 1',
        deviceId: null,
        kernel: null,
        governor: null,
        before: unknown,
        after: unknown,
        clock: { source: null, resolutionNs: null, startedAt: null, endedAt: null },
      },
      workloads: [{ searchSpace: 'ofa', inputSize: null, batchSize: 4 }],
      descriptor: null,
      measurements: [
        {
          workload: 0,
          architecture: 'r204|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4',
          latency: { medianMs: 41.25, trimmedMeanMs: null, spreadMs: null },
          runs: null,
          stable: null,
        },
      ],
    });
    expect(profileSchema.parse(profile)).toEqual(profile);
  });

  it('keeps its descriptor, which says now of which list and at which size it is', () => {
    const before = readV1('raspberry-pi-5.json');
    const profile = anyProfileSchema.parse(before);
    expect(profile.descriptor).toEqual({ list: 'nasbench201', inputSize: 32, batchSize: 1, ...before.descriptor });
    // The same board, runtime and precision as the example of version 2, and so the same target.
    expect(targetId(profile.target)).toBe(targetId(exampleProfile.target));
  });

  it.each(readdirSync(folder))('%s loses nothing', (file) => {
    const before = readV1(file);
    expect(asV1(anyProfileSchema.parse(before))).toEqual(before);
  });

  it('property: says what the profile of version 2 says, whatever was run', () => {
    const sized = fc.record({
      searchSpace: fc.constant('nasbench201' as const),
      inputSize: fc.integer({ min: 1, max: 1024 }).map((quarter) => 4 * quarter),
      batchSize: fc.integer({ min: 1, max: 65_536 }),
    });
    const precision = fc.option(fc.constantFrom('fp32' as const, 'int8' as const));
    fc.assert(
      fc.property(sized, precision, fc.boolean(), (workload, format, described) => {
        const { inputSize, batchSize } = workload;
        const profile: Profile = {
          ...exampleProfile,
          target: { ...exampleProfile.target, precision: format },
          workloads: [workload],
          descriptor: described ? { ...exampleProfile.descriptor!, inputSize, batchSize } : null,
          measurements: exampleProfile.measurements.slice(0, 3),
        };
        expect(anyProfileSchema.parse(asV1(profile))).toEqual(profile);
        const read = readEnvelope(asV1(profile));
        const { measurements, ...rest } = profile;
        expect(read).toMatchObject({ success: true, data: { envelope: rest } });
        if (!read.success) return;
        expect(read.data.envelope.measurements.map((each) => read.data.measurement.parse(each))).toEqual(measurements);
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, (profile: ProfileV1) => unknown, string]>([
    ['workload.inputSize', (v1) => workload(v1, { inputSize: 30 }), 'target.workload.inputSize'],
    ['workload.batchSize', (v1) => workload(v1, { batchSize: 0 }), 'target.workload.batchSize'],
    ['workload.precision', (v1) => workload(v1, { precision: 'float' }), 'target.workload.precision'],
    [
      'a descriptor in fbnet',
      (v1) => workload(v1, { searchSpace: 'fbnet', inputSize: 224 }),
      'descriptor.operators.stage1/none',
    ],
    ['workloads', (v1) => ({ ...v1, workloads: [] }), ''],
    ['descriptor.list', (v1) => ({ ...v1, descriptor: { ...v1.descriptor!, list: 'nasbench201' } }), 'descriptor'],
  ])('is refused with a wrong %s', (_, change, path) => {
    const changed = change(readV1('raspberry-pi-5.json'));
    for (const result of [anyProfileSchema.safeParse(changed), readEnvelope(changed)]) {
      const issues = result.success ? [] : result.error.issues;
      expect(issues.map((issue) => issue.path.join('.'))).toContain(path);
    }
  });
});

const workload = (profile: ProfileV1, change: object): unknown => ({
  ...profile,
  target: { ...profile.target, workload: { ...profile.target.workload, ...change } },
});

describe('a profile of no known version', () => {
  it.each([undefined, 0, 3, '1', null, [2]])('is refused by its version: %j', (schemaVersion) => {
    const result = readEnvelope({ ...exampleProfile, schemaVersion });
    expect(result.success ? [] : result.error.issues.map(({ path }) => path)).toEqual([['schemaVersion']]);
  });

  it.each([undefined, null, 7, 'profile', []])('and what is none at all, too: %j', (value) => {
    expect(readEnvelope(value).success).toBe(false);
    expect(anyProfileSchema.safeParse(value).success).toBe(false);
  });
});
