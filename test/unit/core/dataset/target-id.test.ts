import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProfileTarget, profileTargetSchema } from '#core/dataset/profile-target.ts';
import { targetDigest, targetId, targetIdMaxLength, targetIdPattern } from '#core/dataset/target-id.ts';
import { canonicalJson } from '#core/text/canonical-json.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const pi = exampleProfile.target;

describe('target id', () => {
  it('is readable and pinned: changing it would lose every stored target', () => {
    // The digest's text is written out here by hand, keys in order.
    const text =
      '{"hardware":{"accelerator":"none","cores":4,"cpu":"ARM Cortex-A76","memoryMib":8192,' +
      '"model":"Raspberry Pi 5 Model B","vendor":"Raspberry Pi Foundation"},' +
      '"precision":"fp32",' +
      '"runtime":{"executionProvider":"cpu","name":"onnxruntime","settings":{"graphOptimization":"all","threads":4},' +
      '"version":"1.30.0"}}';
    const digest = createHash('sha256').update(text).digest('hex');
    expect(canonicalJson(pi)).toBe(text);
    expect(readFileSync(new URL('../../../../docs/profile-format.md', import.meta.url), 'utf8')).toContain(
      targetId(pi),
    );
    expect(targetId(pi)).toBe(`raspberry-pi-5-model-b-onnxruntime-cpu-t4-fp32-${digest.slice(0, 20)}`);
  });

  it('does not depend on the order of keys', () => {
    const reversed = (value: unknown): unknown =>
      value !== null && typeof value === 'object'
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, part]) => [key, reversed(part)]),
          )
        : value;
    expect(targetId(reversed(pi) as ProfileTarget)).toBe(targetId(pi));
  });

  it('differs when anything in the target differs', () => {
    const others: ProfileTarget[] = [
      { ...pi, hardware: { ...pi.hardware, vendor: null } },
      { ...pi, hardware: { ...pi.hardware, cores: null } },
      { ...pi, runtime: { ...pi.runtime, version: '1.30.1' } },
      { ...pi, runtime: { ...pi.runtime, settings: { threads: 4, graphOptimization: 'basic' } } },
      { ...pi, runtime: { ...pi.runtime, settings: { threads: '4', graphOptimization: 'all' } } },
      { ...pi, precision: 'fp16' },
      { ...pi, precision: null },
    ];
    expect(new Set([pi, ...others].map(targetId)).size).toBe(others.length + 1);
    expect(new Set([pi, ...others].map(targetDigest)).size).toBe(others.length + 1);
  });

  it('tells names apart that look the same or read the same', () => {
    const named = (model: string): ProfileTarget => ({ ...pi, hardware: { ...pi.hardware, model } });
    const looks = ['Pi 5', 'pi 5', 'PI 5', 'Pi-5', 'Pi_5', '\uff30i 5', 'P\u0456 5', 'Pi \u2075', 'Pi 5\u3164'];
    const accepted = looks.filter((model) => profileTargetSchema.safeParse(named(model)).success);
    expect(accepted).toEqual(looks);
    expect(new Set(looks.map((model) => targetId(named(model)))).size).toBe(looks.length);
    // What has no width, turns the direction or is only a mark is no part of a name: no two spellings of one letter.
    for (const model of ['Pi\u200b5', 'Pi\u202e5', 'Pi\u00a05', 'Cafe\u0301', '\ufeffPi', 'Pi\u00ad5', '\ud800']) {
      expect([model, profileTargetSchema.safeParse(named(model)).success]).toEqual([model, false]);
    }
  });

  it('has 80 bits of digest, and something to read also where nothing is ASCII', () => {
    const nameless = { ...pi.hardware, model: '\u6a39\u8393', accelerator: null };
    const runtime = { name: null, version: null, executionProvider: null, settings: {} };
    const id = targetId({ hardware: nameless, runtime, precision: null });
    expect(id).toMatch(/^target-[0-9a-f]{20}$/);
    expect(targetId(pi)).toMatch(/[^-]-[0-9a-f]{20}$/);
  });

  it('is a safe key whatever the device is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 96 }), (model) => {
        const id = targetId({ ...pi, hardware: { ...pi.hardware, model } });
        expect(id).toMatch(targetIdPattern);
        expect(id.length).toBeLessThanOrEqual(targetIdMaxLength);
      }),
    );
  });
});
