import { describe, expect, it } from 'vitest';
import { farColumns, replacementOf, type SentColumn } from '#cli/import/review-table.ts';
import type { ProfileOfTarget } from '#cli/withdrawals/every-profile.ts';

const hash = (digit: string): string => digit.repeat(64);
const workload = { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 } as const;
const sent = (column: string, medianMs: number, sha: string, more: Partial<SentColumn> = {}): SentColumn => ({
  ...{
    column,
    targetId: `${column}-id`,
    measurements: 3,
    bytes: new Uint8Array(),
    sha256: hash(sha),
    workload,
    medianMs,
  },
  ...more,
});
const profile = (sha: string, medianMs: number, more: Partial<ProfileOfTarget> = {}): ProfileOfTarget => ({
  sha256: hash(sha),
  deviceId: 'table',
  deviceName: 'Table lab (nasbench201)',
  acceptedAt: '2026-01-01T00:00:00.000Z',
  agentVersion: 'sugarbush-import 2',
  workloads: [{ ...workload, measurements: 3, medianMs }],
  withdrawn: null,
  ...more,
});
const withdrawn = { at: '2026-01-02T00:00:00.000Z', scope: 'profile', reason: null } as const;

describe('what is far from what is known', () => {
  it('is a median of more than a hundred times, either way, of the same workload', () => {
    const known = new Map([['pi-id', [profile('a', 2.5)]]]);
    expect(farColumns([sent('pi', 2500, 'b')], known)).toEqual([
      'column "pi" has a median of 2500 ms, 1000 times longer than is known: ' +
        '"Table lab (nasbench201)" said 2.5 ms of pi-id',
    ]);
    expect(farColumns([sent('pi', 0.0025, 'b')], known)[0]).toContain('1000 times shorter');
    expect(farColumns([sent('pi', 250, 'b'), sent('pi', 0.025, 'b'), sent('new', 1e6, 'c')], known)).toEqual([]);
    // The very profile is there already.
    expect(farColumns([sent('pi', 2500, 'a')], known)).toEqual([]);
  });

  it('is three hundred times where only other workloads are known, and nothing of what is withdrawn', () => {
    const at32 = { workload: { ...workload, batchSize: 32 } };
    const known = new Map([['pi-id', [profile('a', 2)]]]);
    expect(farColumns([sent('pi', 598, 'b', at32)], known)).toEqual([]);
    expect(farColumns([sent('pi', 602, 'b', at32)], known)).toHaveLength(1);
    expect(farColumns([sent('pi', 1e6, 'b')], new Map([['pi-id', [profile('a', 2, { withdrawn })]]]))).toEqual([]);
  });
});

describe('what a table replaces', () => {
  const ask = { deviceId: 'table', isWhole: true, isSame: false };
  const replacedBy = (known: [string, ProfileOfTarget[]][], more = {}) =>
    replacementOf([sent('pi', 2, 'b')], new Map(known), { ...ask, ...more });

  it('is all that it said before and does not say now, of its own device', () => {
    const others = profile('d', 2, { deviceId: 'another' });
    const known: [string, ProfileOfTarget[]][] = [
      ['pi-id', [profile('a', 2), profile('b', 2), others, profile('e', 2, { withdrawn })]],
      ['pi-32-id', [profile('c', 2)]],
    ];
    expect(replacedBy(known).replaced).toEqual([
      { targetId: 'pi-id', sha256: hash('a') },
      { targetId: 'pi-32-id', sha256: hash('c') },
    ]);
    // Of some columns only, the others stay as they are.
    expect(replacedBy(known, { isWhole: false }).replaced).toEqual([{ targetId: 'pi-id', sha256: hash('a') }]);
  });

  it('is asked about where nothing that it named before is named now', () => {
    const known: [string, ProfileOfTarget[]][] = [['jetson-id', [profile('a', 2)]]];
    expect(() => replacedBy(known)).toThrow(/said something of jetson-id, .* --replaces; .* --table NAME/);
    expect(replacedBy(known, { isSame: true }).replaced).toHaveLength(1);
  });

  it('comes back when the table says it again, unless an operator withdrew it', () => {
    const byImport = { ...withdrawn, reason: 'replaced by an import of table lab' };
    expect(replacedBy([['pi-id', [profile('b', 2, { withdrawn: byImport })]]])).toEqual({
      replaced: [],
      again: [{ targetId: 'pi-id', sha256: hash('b') }],
      withdrawn: new Set(),
    });
    expect(replacedBy([['pi-id', [profile('b', 2, { withdrawn })]]]).withdrawn).toEqual(new Set([hash('b')]));
  });
});
