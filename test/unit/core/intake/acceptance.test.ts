import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { targetId } from '#core/dataset/target-id.ts';
import { type Acceptance, acceptProfile, type ExpectedUpload, uploadLimits } from '#core/intake/acceptance.ts';
import { exclusionReasons, quarantineReasons } from '#core/intake/reasons.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const folder = new URL('../../../fixtures/profiles/', import.meta.url);

function expectationOf(compressed: Uint8Array, more: Partial<ExpectedUpload> = {}): ExpectedUpload {
  const sha256 = createHash('sha256').update(compressed).digest('hex');
  return { sizeBytes: compressed.byteLength, sha256, deviceId: 'device-1', ...more };
}

function acceptText(text: string | Uint8Array): Acceptance {
  const compressed = gzipSync(text);
  return acceptProfile(compressed, expectationOf(compressed));
}

/** Those in the folders are small ones, of NAS-Bench-201 only, and registered so. */
function acceptFile(path: string): Acceptance {
  const bytes = readFileSync(new URL(path, folder));
  const compressed = path.endsWith('.gz') ? bytes : gzipSync(bytes);
  return acceptProfile(compressed, expectationOf(compressed, { searchSpace: 'nasbench201' }));
}

const codeOf = (result: Acceptance): string => (result.outcome === 'accepted' ? 'accepted' : result.reason.code);

const files = (name: string): string[] => readdirSync(new URL(name, folder)).map((file) => `${name}/${file}`);
const codeOfFile = (path: string): string => path.split('/')[1]!.split('.')[0]!;

describe('acceptance', () => {
  it('accepts the example whole', () => {
    const result = acceptText(readFileSync(new URL('raspberry-pi-5.json', folder)));
    expect(result).toMatchObject({ outcome: 'accepted', profile: { excluded: [] } });
    if (result.outcome !== 'accepted') return;
    expect(result.profile.measurements).toEqual(exampleProfile.measurements);
    expect(result.profile.targetId).toBe(targetId(exampleProfile.target));
    expect(result.profile.descriptor).toEqual(exampleProfile.descriptor);
  });

  it('accepts one of version 1 whole, in the words of version 2', () => {
    const result = acceptFile('version-1/raspberry-pi-5.json');
    expect(result).toMatchObject({
      outcome: 'accepted',
      profile: {
        schemaVersion: 2,
        targetId: targetId(exampleProfile.target),
        workloads: [{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 }],
        excluded: [],
      },
    });
    if (result.outcome !== 'accepted') return;
    expect(result.profile.measurements).toEqual(exampleProfile.measurements.slice(0, 10));
    expect(result.profile.descriptor).toEqual(exampleProfile.descriptor);
  });

  it('judges a network in its own workload: the same architecture may stand in two, and each is of its space', () => {
    const [first, second] = exampleProfile.measurements;
    const workloads = [...exampleProfile.workloads, { searchSpace: 'nasbench201', inputSize: 32, batchSize: 4 }];
    const measurements = [
      first,
      { ...first, workload: 2 },
      { ...first, workload: 2 },
      { ...first, workload: 1 },
      second,
    ];
    expect(acceptText(JSON.stringify({ ...exampleProfile, workloads, measurements }))).toMatchObject({
      outcome: 'accepted',
      profile: {
        measurements: [
          { workload: 0, architecture: first!.architecture },
          { workload: 2, architecture: first!.architecture },
          { workload: 0, architecture: second!.architecture },
        ],
        excluded: [
          { index: 2, code: 'architecture-duplicate' },
          { index: 3, code: 'architecture-invalid' },
        ],
      },
    });
  });

  it('takes any search space when none was registered, and only the registered one when one was', () => {
    const both = gzipSync(JSON.stringify(exampleProfile));
    expect(codeOf(acceptProfile(both, expectationOf(both)))).toBe('accepted');
    for (const [searchSpace, at] of [
      ['nasbench201', 1],
      ['fbnet', 0],
    ] as const) {
      const result = acceptProfile(both, expectationOf(both, { searchSpace }));
      expect(codeOf(result)).toBe('search-space-mismatch');
      expect(result).toMatchObject({ reason: { issues: [{ path: `workloads/${at}/searchSpace` }] } });
    }
  });

  it.each(files('quarantined'))('quarantines %s with the reason it is named after', (path) => {
    const result = acceptFile(path);
    expect(codeOf(result)).toBe(codeOfFile(path));
    if (result.outcome === 'quarantined') expect(result.reason.message).not.toBe('');
  });

  it.each(files('excluded'))('excludes one measurement of %s and keeps the other', (path) => {
    const result = acceptFile(path);
    expect(result).toMatchObject({
      outcome: 'accepted',
      profile: {
        excluded: [{ index: path.includes('model-duplicate') ? 2 : 1, code: codeOfFile(path) }],
        measurements: [exampleProfile.measurements[0]],
      },
    });
  });

  it('has a bad profile for every reason that lies in the bytes alone', () => {
    const elsewhere = ['size-mismatch', 'hash-mismatch'];
    const stateful = ['device-revoked', 'target-conflict', 'target-full'];
    expect(new Set([...files('quarantined').map(codeOfFile), ...elsewhere, ...stateful])).toEqual(
      new Set(Object.keys(quarantineReasons)),
    );
    expect(new Set(files('excluded').map(codeOfFile))).toEqual(new Set(Object.keys(exclusionReasons)));
  });

  it('compares size and hash with the registration, size first', () => {
    const bytes = gzipSync(JSON.stringify(exampleProfile));
    const expected = expectationOf(bytes);
    expect(codeOf(acceptProfile(bytes, { ...expected, sizeBytes: bytes.length + 1 }))).toBe('size-mismatch');
    expect(codeOf(acceptProfile(bytes, { ...expected, sizeBytes: 1, sha256: '0'.repeat(64) }))).toBe('size-mismatch');
    expect(codeOf(acceptProfile(bytes, { ...expected, sha256: '0'.repeat(64) }))).toBe('hash-mismatch');
    const long = new Uint8Array(uploadLimits.compressedBytes + 1);
    expect(codeOf(acceptProfile(long, expectationOf(long)))).toBe('size-mismatch');
  });

  it('takes a content of exactly 50 MiB and stops at the next byte', () => {
    const text = Buffer.alloc(uploadLimits.expandedBytes + 1, ' ');
    text.write(JSON.stringify(exampleProfile));
    expect(codeOf(acceptText(text.subarray(0, -1)))).toBe('accepted');
    expect(codeOf(acceptText(text))).toBe('gzip-too-large');
  });

  it('counts objects and strings before it builds them', () => {
    const text = Buffer.alloc(30 * 2 ** 20, '[],');
    expect(codeOf(acceptText(text))).toBe('json-too-complex');
    text.fill('"ab",');
    expect(codeOf(acceptText(text))).toBe('json-too-complex');
    // Braces and escaped quotes inside strings are text.
    expect(codeOf(acceptText(JSON.stringify({ a: '{[\\"'.repeat(600_000) })))).toBe('schema-invalid');
  });

  it('counts the entries of one object or array before it builds it', () => {
    const settings = (count: number): string => Array.from({ length: count }, (_, i) => `"K${i}":1`).join();
    const text = JSON.stringify(exampleProfile).replace('"settings":{', (start) => `${start}${settings(1)},`);
    const withKeys = (count: number): string => text.replace('"K0":1', settings(count));
    // Each would be an issue of its own: millions of them took gigabytes.
    expect(codeOf(acceptText(withKeys(1_800_000)))).toBe('json-too-complex');
    expect(codeOf(acceptText(`[${'1,'.repeat(49_999)}1]`))).toBe('schema-invalid');
    expect(codeOf(acceptText(`[${'1,'.repeat(50_000)}1]`))).toBe('json-too-complex');
    // Containers beside and inside one another are counted apart.
    const row = `[${'1,'.repeat(40_000)}1]`;
    expect(codeOf(acceptText(`[${row},[${row},${row}],${row}]`))).toBe('schema-invalid');
    expect(codeOf(acceptText(`]]}${'[1,'.repeat(3)}`))).toBe('json-invalid');
  });

  it('does not match a pattern over megabytes of text, wherever there is one', () => {
    const long = 'a '.repeat(20 * 2 ** 20);
    const { target, context, descriptor } = exampleProfile;
    for (const profile of [
      { ...exampleProfile, target: { ...target, hardware: { ...target.hardware, model: long } } },
      { ...exampleProfile, target: { ...target, runtime: { ...target.runtime, name: long } } },
      { ...exampleProfile, context: { ...context, kernel: long } },
      { ...exampleProfile, context: { ...context, deviceId: long } },
      { ...exampleProfile, context: { ...context, clock: { ...context.clock, startedAt: long } } },
      { ...exampleProfile, descriptor: { ...descriptor, operators: { [long]: {} } } },
    ]) {
      expect(codeOf(acceptText(JSON.stringify(profile)))).toBe('schema-invalid');
    }
  });

  it('takes numbers as JSON.parse does and no other: none too large, none without a value', () => {
    const withThreads = (value: string): Acceptance =>
      acceptText(JSON.stringify(exampleProfile).replace('"threads":4', `"threads":${value}`));
    for (const value of ['NaN', 'Infinity', '-Infinity', '0x4', '04', '4.', '+4']) {
      expect([value, codeOf(withThreads(value))]).toEqual([value, 'json-invalid']);
    }
    for (const value of ['1e400', '-1e400', `1${'0'.repeat(400)}`, '[4]', 'null']) {
      expect([value, codeOf(withThreads(value))]).toEqual([value, 'schema-invalid']);
    }
    // Of a key that stands twice the last one counts, in the id as in the check.
    const twice = withThreads('8,"threads":4');
    expect(twice).toMatchObject({ outcome: 'accepted', profile: { targetId: targetId(exampleProfile.target) } });
  });

  it('takes gzip of several members for one, and counts what they expand to together', () => {
    const text = Buffer.from(JSON.stringify(exampleProfile));
    const halves = Buffer.concat([gzipSync(text.subarray(0, 500)), gzipSync(text.subarray(500))]);
    expect(codeOf(acceptProfile(halves, expectationOf(halves)))).toBe('accepted');
    const bomb = Buffer.concat(Array<Buffer>(13).fill(gzipSync(Buffer.alloc(4 * 2 ** 20, ' '))));
    expect(codeOf(acceptProfile(bomb, expectationOf(bomb)))).toBe('gzip-too-large');
    const empty = Buffer.concat(Array<Buffer>(200_000).fill(gzipSync('')));
    expect(codeOf(acceptProfile(empty, expectationOf(empty)))).toBe('json-invalid');
  });

  it('does not let a clock of any coarseness excuse any spread', () => {
    const clock = { ...exampleProfile.context.clock, resolutionNs: 1e300 };
    const result = acceptText(JSON.stringify({ ...exampleProfile, context: { ...exampleProfile.context, clock } }));
    expect(result).toMatchObject({ reason: { issues: [{ path: 'context/clock/resolutionNs' }] } });
  });

  it('checks in the stated order', () => {
    const broken = { ...exampleProfile, context: { ...exampleProfile.context, deviceId: 'x' } };
    const bytes = gzipSync(JSON.stringify(broken));
    const expected = expectationOf(bytes, { searchSpace: 'ofa' });
    expect(codeOf(acceptProfile(bytes, expected))).toBe('search-space-mismatch');
    expect(codeOf(acceptProfile(bytes, { ...expected, searchSpace: undefined }))).toBe('device-mismatch');
    expect(codeOf(acceptProfile(bytes, { ...expected, searchSpace: undefined, deviceId: 'x' }))).toBe('accepted');
  });

  it('judges a later duplicate even when the first one was unstable', () => {
    const [first] = exampleProfile.measurements;
    const measurements = [{ ...first!, stable: false }, first, exampleProfile.measurements[1]];
    const result = acceptText(JSON.stringify({ ...exampleProfile, measurements }));
    expect(result).toMatchObject({
      outcome: 'accepted',
      profile: {
        excluded: [
          { index: 0, code: 'measurement-unstable' },
          { index: 1, code: 'architecture-duplicate' },
        ],
      },
    });
  });

  it('allows a coarse clock its one step of spread', () => {
    const at = (resolutionNs: number | null): Acceptance =>
      acceptText(
        JSON.stringify({
          ...exampleProfile,
          context: { ...exampleProfile.context, clock: { ...exampleProfile.context.clock, resolutionNs } },
          descriptor: null,
          measurements: [
            {
              ...exampleProfile.measurements[0],
              latency: { medianMs: 3, trimmedMeanMs: 3.4, spreadMs: 1 },
              samplesMs: [3, 3, 4],
            },
          ],
        }),
      );
    expect(codeOf(at(1_000_000))).toBe('accepted');
    expect(codeOf(at(null))).toBe('no-measurements-left');
  });

  it('takes a descriptor whose operators settled, whatever the measurements beside it are', () => {
    const restless = exampleProfile.measurements.map((measurement) => ({ ...measurement, stable: false }));
    const profile = { ...exampleProfile, measurements: restless };
    const accepted = acceptText(JSON.stringify(profile));
    expect(codeOf(accepted)).toBe('accepted');
    if (accepted.outcome === 'accepted') expect(accepted.profile.excluded).toHaveLength(restless.length);
    const operators = Object.fromEntries(
      Object.entries(exampleProfile.descriptor!.operators).map(([key, own]) => [key, { ...own, stable: false }]),
    );
    const nothing = { ...profile, descriptor: { ...exampleProfile.descriptor!, operators } };
    expect(codeOf(acceptText(JSON.stringify(nothing)))).toBe('no-measurements-left');
  });

  it('gives at most twenty issues, each short', () => {
    const measurements = Array.from({ length: 500 }, () => ({ architecture: 'x'.repeat(100_000) }));
    const result = acceptText(JSON.stringify({ ...exampleProfile, ['k'.repeat(1e6)]: 1, measurements }));
    expect(codeOf(result)).toBe('schema-invalid');
    expect(JSON.stringify(result).length).toBeLessThan(20_000);
    const left = acceptText(JSON.stringify({ ...exampleProfile, descriptor: null, measurements }));
    expect(left).toMatchObject({ outcome: 'quarantined', reason: { code: 'no-measurements-left' } });
    if (left.outcome === 'quarantined') expect(left.reason.issues).toHaveLength(20);
  });
});
