import { beforeAll, describe, expect, test } from 'vitest';
import { healthCheck } from '#core/serve/health.ts';
import { listSearchSpaces, showSearchSpace } from '#core/serve/show-search-spaces.ts';
import { listTargets } from '#core/targets/list-targets.ts';
import { refreshTarget } from '#core/targets/refresh-target.ts';
import { showTarget } from '#core/targets/show-target.ts';
import { mapStore } from '../map-store.ts';
import { deployTiny, registerTiny, type Trained, trainTiny } from '../tiny-service.ts';
import { targetDataOf } from '../training/tiny-training.ts';

let trained: Trained;
beforeAll(async () => {
  trained = await trainTiny(1);
});

async function filled() {
  const store = mapStore();
  await registerTiny(store);
  await deployTiny(store, trained, ['server']);
  return store;
}

describe('targets', () => {
  test('come a page at a time, each once, in order', async () => {
    const store = await filled();
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 2; pages++) {
      const page = await listTargets(store, { searchSpace: 'nasbench201', limit: 2, cursor });
      seen.push(...page.targets.map(({ targetId }) => targetId));
      cursor = page.nextCursor ?? undefined;
      expect(page.nextCursor === null).toBe(pages === 1);
    }
    expect(seen).toEqual(['phone_1', 'phone_32', 'server']);
  });

  test('a page that ends with the list has no next one', async () => {
    const page = await listTargets(await filled(), { limit: 3 });
    expect(page).toMatchObject({ nextCursor: null, targets: [{}, {}, {}] });
  });

  test('of a search space that is not there are refused, of an empty one none', async () => {
    const store = await filled();
    await expect(listTargets(store, { searchSpace: 'x', limit: 2 })).rejects.toMatchObject({
      code: 'unknown-search-space',
    });
    expect(await listTargets(store, { searchSpace: 'ofa', limit: 2 })).toEqual({ targets: [], nextCursor: null });
  });

  test('one is shown with its adaptation under the champion, or null before it has one', async () => {
    const store = await filled();
    expect(await showTarget(store, 'server')).toMatchObject({
      target: { targetId: 'server', measurements: 20, source: 'table' },
      adaptation: { predictorVersion: trained.predictor.identity.version, measurements: 20, trust: 'trusted' },
    });
    expect((await showTarget(store, 'phone_1')).adaptation).toBeNull();
    await expect(showTarget(store, 'phone')).rejects.toMatchObject({
      code: 'unknown-target',
      message: /nearest: phone_1, phone_32/,
    });
  });

  test('refreshing again changes nothing; new facts keep the time of the first', async () => {
    const store = mapStore();
    const data = targetDataOf('board');
    const [profile] = data.profiles;
    await refreshTarget(store, data, [], { now: 0 });
    await refreshTarget(store, data, [], { now: 5000 });
    expect(store.calls.filter((call) => call.startsWith('put'))).toHaveLength(1);
    const more = { ...data, profiles: [profile!, { ...profile!, sha256: '1'.repeat(64) }] };
    await refreshTarget(store, more, [], { now: 9000 });
    expect((await showTarget(store, 'board')).target).toMatchObject({
      profiles: 2,
      createdAt: '1970-01-01T00:00:00.000Z',
      updatedAt: '1970-01-01T00:00:09.000Z',
    });
  });
});

describe('search spaces', () => {
  test('say how architectures are written and which inputs their networks take', async () => {
    const all = listSearchSpaces();
    expect(all.map(({ searchSpace, inputSizes }) => [searchSpace, inputSizes?.usual])).toEqual([
      ['nasbench201', 32],
      ['fbnet', 224],
      ['ofa', undefined],
    ]);
    expect(showSearchSpace('nasbench201')).toEqual(all[0]);
    expect(() => showSearchSpace('darts')).toThrow(expect.objectContaining({ code: 'unknown-search-space' }));
  });
});

describe('health', () => {
  test('is ready with one champion, and asks the store once in two seconds', async () => {
    const store = await filled();
    let clock = 0;
    const check = healthCheck({ store, now: () => clock });
    store.calls.length = 0;
    expect(await check()).toMatchObject({ live: true, ready: true, champion: trained.predictor.identity.version });
    await check();
    expect(store.calls).toHaveLength(1);
    clock = 2000;
    await check();
    expect(store.calls).toHaveLength(2);
  });

  test('is live and not ready without a champion or without a store', async () => {
    const empty = mapStore();
    expect(await healthCheck({ store: empty, now: () => 0 })()).toMatchObject({
      live: true,
      ready: false,
      champion: null,
    });
    empty.get = (() => Promise.reject(new Error('down'))) as typeof empty.get;
    expect(await healthCheck({ store: empty, now: () => 0 })()).toMatchObject({
      live: true,
      ready: false,
      champion: null,
    });
  });
});
