// Any bytes whatever end as accepted or quarantined: no exception, no other outcome, in bounded time.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { targetIdPattern } from '#core/dataset/target-id.ts';
import { hasSettled } from '#core/descriptor/operator-networks.ts';
import { acceptProfile, reportedIssues } from '#core/intake/acceptance.ts';
import { exclusionReasons, quarantineReasons } from '#core/intake/reasons.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

function check(compressed: Uint8Array): void {
  const result = acceptProfile(compressed, {
    sizeBytes: compressed.byteLength,
    sha256: createHash('sha256').update(compressed).digest('hex'),
    deviceId: 'device-1',
  });
  if (result.outcome === 'accepted') {
    const { profile } = result;
    expect(profile.targetId).toMatch(targetIdPattern);
    const operators = Object.values(profile.descriptor?.operators ?? {}).filter(hasSettled);
    expect(profile.measurements.length + profile.models.length + operators.length).toBeGreaterThan(0);
    const networks = profile.measurements.map((m) => `${m.workload} ${m.architecture}`);
    expect(new Set(networks).size).toBe(networks.length);
    for (const { workload } of profile.measurements) expect(profile.workloads[workload]).toBeDefined();
    for (const { latency } of profile.measurements) {
      expect(latency.medianMs).toBeGreaterThan(0);
      expect(latency.medianMs).toBeLessThanOrEqual(600_000);
    }
    for (const { code } of profile.excluded) expect(Object.keys(exclusionReasons)).toContain(code);
  } else {
    expect(Object.keys(quarantineReasons)).toContain(result.reason.code);
    expect(result.reason.issues.length).toBeLessThanOrEqual(reportedIssues);
    expect(result.reason.message.length).toBeLessThan(1000);
  }
}

const compressedExample = gzipSync(JSON.stringify(exampleProfile));
const exampleV1: unknown = JSON.parse(
  readFileSync(new URL('../../../fixtures/profiles/version-1/raspberry-pi-5.json', import.meta.url), 'utf8'),
);
const exampleText = JSON.stringify(exampleProfile);

/** Every place in the example, as a path of keys. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== 'object') return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => places((value as Record<string | number, unknown>)[key], [...path, key]))];
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

const nasty = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    0,
    -0,
    1e308,
    5e-324,
    -1,
    '',
    '__proto__',
    'constructor',
    'toString',
    '\ud800',
    [],
    {},
    null,
  ),
  fc.double(),
  fc.string({ unit: 'binary' }),
);

describe('acceptance is total', () => {
  it('over any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), check), { numRuns: 300 });
  });

  it('over any compressed bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => check(gzipSync(bytes))),
      { numRuns: 300 },
    );
  });

  it('over any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => check(gzipSync(JSON.stringify(value)))),
      { numRuns: 300 },
    );
  });

  it('over the example with any one place replaced', () => {
    fc.assert(
      fc.property(fc.constantFrom(...places(exampleProfile)), nasty, (path, value) => {
        const text = JSON.stringify(replaced(exampleProfile, path, value));
        check(gzipSync(text === undefined ? '' : text));
      }),
      { numRuns: 1500, examples: [[['measurements'], []]] },
    );
  });

  it('over one of version 1 with any one place replaced', () => {
    fc.assert(
      fc.property(fc.constantFrom(...places(exampleV1)), nasty, (path, value) => {
        const text = JSON.stringify(replaced(exampleV1, path, value));
        check(gzipSync(text === undefined ? '' : text));
      }),
      { numRuns: 500 },
    );
  });

  it('over the example with any bytes of its text overwritten', () => {
    fc.assert(
      fc.property(fc.nat(exampleText.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, bytes) => {
        const text = Buffer.from(exampleText);
        text.set(bytes.subarray(0, text.length - at), at);
        check(gzipSync(text));
      }),
      { numRuns: 500 },
    );
  });

  it('over the example with any of its compressed bytes overwritten, cut off or followed by others', () => {
    fc.assert(
      fc.property(
        fc.nat(compressedExample.length),
        fc.uint8Array({ maxLength: 16 }),
        fc.boolean(),
        (at, bytes, cut) => {
          const head = compressedExample.subarray(0, at);
          const tail = cut ? [] : compressedExample.subarray(at + bytes.length);
          check(Buffer.concat([head, bytes, Uint8Array.from(tail)]));
        },
      ),
      { numRuns: 500 },
    );
  });
});
