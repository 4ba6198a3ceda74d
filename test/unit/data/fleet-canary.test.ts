import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isFast, type MachineCanary, untilFast } from '#data/fleet/measuring/canary.ts';

const folder = mkdtempSync(join(tmpdir(), 'canary-'));

/** A machine on which the canary takes so long, ms. */
const machine = (ms: string, name: string): MachineCanary => ({
  model: 'any.onnx',
  bestFile: join(folder, name),
  pin: ['sh', '-c', `echo ${ms}`],
  limit: 0.05,
});

describe('a machine is fast', () => {
  test('the first time, within a twentieth of its best, and when it is better', () => {
    expect(isFast(machine('10', 'a'))).toBe(true);
    expect(isFast(machine('10.4', 'a'))).toBe(true);
    expect(isFast(machine('10.6', 'a'))).toBe(false);
    expect(isFast(machine('9', 'a'))).toBe(true);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('9');
    expect(isFast(machine('10', 'a'))).toBe(false);
  });

  test('or is given up on when the time is over', async () => {
    expect(isFast(machine('10', 'b'))).toBe(true);
    expect(await untilFast(machine('10', 'b'), 0)).toBe(true);
    expect(await untilFast(machine('12', 'b'), performance.now())).toBe(false);
  });

  test('and a canary that does not run is no measurement', () => {
    const dead = { ...machine('1', 'c'), pin: ['sh', '-c', 'echo no such model >&2; exit 1'] };
    expect(() => isFast(dead)).toThrow('the canary any.onnx does not run: no such model');
    expect(() => isFast(machine('soon', 'c'))).toThrow();
  });
});
