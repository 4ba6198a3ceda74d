import { describe, expect, it } from 'vitest';
import type { Workload } from '#core/search-space/workload.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { targetKey } from '#core/targets/keys.ts';
import { listTargets } from '#core/targets/list-targets.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { type MapStore, mapStore } from '../map-store.ts';

const cells: Workload = { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 };
const mobile: Workload = { searchSpace: 'ofa', inputSize: null, batchSize: 4 };

async function storeWith(targets: Readonly<Record<string, readonly Workload[]>>): Promise<MapStore> {
  const store = mapStore();
  for (const [targetId, workloads] of Object.entries(targets)) {
    const measured = workloads.map((workload) => ({ ...workload, measurements: 5 }));
    const what = { targetId, title: targetId, source: 'table', target: exampleProfile.target } as const;
    const counts = { measurements: 5 * workloads.length, workloads: measured, profiles: 1, excluded: {} };
    const time = new Date(0).toISOString();
    const rest = { quality: 'good', devices: ['a'], descriptor: null, createdAt: time, updatedAt: time } as const;
    const record = { ...what, ...counts, ...rest };
    await writeJson(store, targetKey(targetId), targetRecordSchema.parse(record));
  }
  return store;
}

async function pages(store: MapStore, searchSpace: string | undefined, limit: number): Promise<string[][]> {
  const all: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await listTargets(store, { searchSpace, limit, cursor });
    all.push(page.targets.map(({ targetId }) => targetId));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

describe('a list of targets', () => {
  it('of a search space has those that were measured in it, whatever else they were measured in', async () => {
    const store = await storeWith({ a: [cells], b: [mobile], c: [cells, mobile], d: [] });
    expect(await pages(store, undefined, 3)).toEqual([['a', 'b', 'c'], ['d']]);
    expect(await pages(store, 'nasbench201', 3)).toEqual([['a', 'c'], []]);
    expect(await pages(store, 'ofa', 10)).toEqual([['b', 'c']]);
    expect(await pages(store, 'fbnet', 10)).toEqual([[]]);
  });

  it('finds each once in pages of any length, past pages without any, at a bounded cost a page', async () => {
    const rare = ['t17', 't39', 't40'];
    const store = await storeWith(
      Object.fromEntries(
        Array.from({ length: 60 }, (_, i) => `t${String(i).padStart(2, '0')}`).map((id) => [
          id,
          rare.includes(id) ? [cells, mobile] : [cells],
        ]),
      ),
    );
    for (const limit of [1, 2, 7, 60, 200]) {
      expect((await pages(store, 'ofa', limit)).flat()).toEqual(rare);
      expect((await pages(store, 'nasbench201', limit)).flat()).toHaveLength(60);
    }
    store.calls.length = 0;
    const first = await listTargets(store, { searchSpace: 'ofa', limit: 2 });
    // Four pages of two were looked through, and there are more.
    expect(store.calls.filter((call) => call.startsWith('get'))).toHaveLength(8);
    expect(first).toMatchObject({ targets: [], nextCursor: expect.any(String) });
  });

  it('takes no cursor of a list with another filter', async () => {
    const store = await storeWith({ a: [cells], b: [cells], c: [cells] });
    const { nextCursor } = await listTargets(store, { searchSpace: 'nasbench201', limit: 1 });
    for (const searchSpace of [undefined, 'ofa']) {
      const request = { searchSpace, limit: 1, cursor: nextCursor! };
      await expect(listTargets(store, request)).rejects.toMatchObject({ code: 'invalid-request' });
    }
  });
});
