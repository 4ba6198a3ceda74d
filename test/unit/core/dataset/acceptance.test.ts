import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Acceptance, acceptProfile, type ExpectedUpload, uploadLimits } from '#core/dataset/acceptance.ts';
import { exclusionReasons, quarantineReasons } from '#core/dataset/reasons.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const folder = new URL('../../../fixtures/profiles/', import.meta.url);

function expectationOf(compressed: Uint8Array, more: Partial<ExpectedUpload> = {}): ExpectedUpload {
  const sha256 = createHash('sha256').update(compressed).digest('hex');
  return { sizeBytes: compressed.byteLength, sha256, searchSpace: 'nasbench201', deviceId: 'device-1', ...more };
}

function acceptText(text: string | Uint8Array): Acceptance {
  const compressed = gzipSync(text);
  return acceptProfile(compressed, expectationOf(compressed));
}

function acceptFile(path: string): Acceptance {
  const bytes = readFileSync(new URL(path, folder));
  return path.endsWith('.gz') ? acceptProfile(bytes, expectationOf(bytes)) : acceptText(bytes);
}

const codeOf = (result: Acceptance): string => (result.outcome === 'accepted' ? 'accepted' : result.reason.code);

const files = (name: string): string[] => readdirSync(new URL(name, folder)).map((file) => `${name}/${file}`);
const codeOfFile = (path: string): string => path.split('/')[1]!.split('.')[0]!;

describe('acceptance', () => {
  it('accepts the example whole', () => {
    const result = acceptFile('raspberry-pi-5.json');
    expect(result).toMatchObject({ outcome: 'accepted', profile: { excluded: [] } });
    if (result.outcome !== 'accepted') return;
    expect(result.profile.measurements).toEqual(exampleProfile.measurements);
    expect(result.profile.targetId).toBe(targetId(exampleProfile.target));
    expect(result.profile.descriptor).toEqual(exampleProfile.descriptor);
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
      profile: { excluded: [{ index: 1, code: codeOfFile(path) }], measurements: [exampleProfile.measurements[0]] },
    });
  });

  it('has a bad profile for every reason that lies in the bytes alone', () => {
    const elsewhere = ['size-mismatch', 'hash-mismatch', 'gzip-too-large'];
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

  it('checks in the stated order', () => {
    const broken = { ...exampleProfile, context: { ...exampleProfile.context, deviceId: 'x' } };
    const bytes = gzipSync(JSON.stringify(broken));
    const expected = expectationOf(bytes, { searchSpace: 'ofa' });
    expect(codeOf(acceptProfile(bytes, expected))).toBe('search-space-mismatch');
    expect(codeOf(acceptProfile(bytes, { ...expected, searchSpace: 'nasbench201' }))).toBe('device-mismatch');
    expect(codeOf(acceptProfile(bytes, { ...expected, searchSpace: 'nasbench201', deviceId: 'x' }))).toBe('accepted');
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

  it('gives at most twenty issues, each short', () => {
    const measurements = Array.from({ length: 500 }, () => ({ architecture: 'x'.repeat(100_000) }));
    const result = acceptText(JSON.stringify({ ...exampleProfile, ['k'.repeat(1e6)]: 1, measurements }));
    expect(codeOf(result)).toBe('schema-invalid');
    expect(JSON.stringify(result).length).toBeLessThan(20_000);
    const left = acceptText(JSON.stringify({ ...exampleProfile, measurements }));
    expect(left).toMatchObject({ outcome: 'quarantined', reason: { code: 'no-measurements-left' } });
    if (left.outcome === 'quarantined') expect(left.reason.issues).toHaveLength(20);
  });
});
