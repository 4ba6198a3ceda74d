import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { type PredictorCache, predictorCache } from '#core/serve/predictor-cache.ts';
import { adaptTarget, promote } from '../../../fixtures/served-predictor.ts';
import { type MapStore, mapStore } from '../map-store.ts';
import { deployTiny, measured, type Trained, trainTiny } from '../tiny-service.ts';

let first: Trained;
let second: Trained;
beforeAll(async () => {
  first = await trainTiny(1);
  second = await trainTiny(2);
});

let store: MapStore;
let clock: number;
let errors: unknown[];
let cache: PredictorCache;
beforeEach(async () => {
  store = mapStore();
  clock = 1000;
  errors = [];
  await deployTiny(store, first);
  cache = predictorCache({
    store,
    now: () => clock,
    loadPredictor,
    revalidateS: 3,
    idleS: 300,
    missingS: 2,
    onError: (error) => errors.push(error),
  });
  store.calls.length = 0;
});

const pass = (seconds: number) => {
  clock += seconds * 1000;
};
/** Calls since the last look. */
const calls = () => store.calls.splice(0).map((call) => call.replaceAll(/[0-9a-f]{16}/g, 'V'));
const use = async (...targets: string[]) => {
  const { predictor, adaptations } = await cache.champion();
  return { version: predictor.identity.version, found: await Promise.all(targets.map((id) => adaptations.get(id))) };
};
const versionOf = (trained: Trained) => trained.predictor.identity.version;

describe('what the store is asked', () => {
  test('the first use reads alias, predictor and adaptation, once however many come at once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => use('server')));
    expect(calls().sort()).toEqual([
      'get adaptations/V/server.json',
      'get predictors/V/predictor.json',
      'get predictors/V/predictor.onnx',
      'get predictors/aliases.json',
    ]);
  });

  test('a champion that was opened before anybody asked is read then, and once', async () => {
    cache.open();
    await expect.poll(() => store.calls.length).toBe(3);
    await use('server');
    expect(calls()).toHaveLength(4);
  });

  test('adaptations that will be asked for are read while the champion is, once', async () => {
    const answer = async () => {
      const { adaptations } = await cache.champion(['server', 'aliases/../../tokens']);
      return adaptations.get('server');
    };
    const found = await Promise.all([answer(), answer(), answer()]);
    expect(found.map((each) => each?.measurements)).toEqual([20, 20, 20]);
    expect(calls()).toEqual([
      'get predictors/aliases.json',
      'get adaptations/V/server.json',
      'get predictors/V/predictor.onnx',
      'get predictors/V/predictor.json',
    ]);
  });

  test('what was read early and not asked for is read again two seconds later', async () => {
    const { adaptations } = await cache.champion(['server']);
    await adaptTarget(store, first.predictor, 'server', measured('server').slice(0, 5));
    calls();
    pass(2);
    expect((await adaptations.get('server'))?.measurements).toBe(5);
    expect(calls()).toEqual(['get adaptations/V/server.json']);
  });

  test('what opening fails at is told to who asks', async () => {
    store.objects.delete('predictors/aliases.json');
    cache.open();
    await expect(cache.champion()).rejects.toMatchObject({ code: 'not-ready' });
  });

  test('nothing on the warm path', async () => {
    await use('server', 'phone_1');
    calls();
    for (let i = 0; i < 50; i++) {
      pass(0.05);
      await use('server', 'phone_1');
    }
    expect(calls()).toEqual([]);
  });

  test('a target not seen yet costs one read', async () => {
    await use('server');
    calls();
    await Promise.all([use('phone_1'), use('phone_1')]);
    expect(calls()).toEqual(['get adaptations/V/phone_1.json']);
  });

  test('a missing target is believed missing for two seconds', async () => {
    await use('nobody');
    calls();
    pass(1.9);
    expect((await use('nobody')).found).toEqual([undefined]);
    expect(calls()).toEqual([]);
    await adaptTarget(store, first.predictor, 'nobody', measured('server'));
    pass(0.1);
    expect((await use('nobody')).found[0]?.measurements).toBe(20);
  });

  test('without a champion it is not ready, and believed so for two seconds', async () => {
    store.objects.delete('predictors/aliases.json');
    for (let i = 0; i < 3; i++) await expect(cache.champion()).rejects.toMatchObject({ code: 'not-ready' });
    expect(calls()).toEqual(['get predictors/aliases.json']);
    pass(2);
    await expect(cache.champion()).rejects.toMatchObject({ code: 'not-ready' });
    expect(calls()).toEqual(['get predictors/aliases.json']);
  });

  test('comparing in the background reads the alias and the targets in use, every three seconds', async () => {
    await use('server');
    calls();
    await cache.revalidate();
    expect(calls()).toEqual([]);
    pass(3);
    await Promise.all([cache.revalidate(), cache.revalidate(), use('server')]);
    expect(calls()).toEqual(['get predictors/aliases.json', 'get adaptations/V/server.json']);
  });

  test('what nobody uses any more is not compared, until somebody does', async () => {
    await use('server');
    pass(300);
    await adaptTarget(store, first.predictor, 'server', measured('server', 10));
    calls();
    await cache.revalidate();
    expect(calls()).toEqual([]);
    expect((await use('server')).found[0]?.measurements).toBe(10);
  });
});

describe('what a request meets', () => {
  test('a new adaptation after the next comparison', async () => {
    await use('server');
    await adaptTarget(store, first.predictor, 'server', measured('server', 10));
    pass(3);
    await cache.revalidate();
    expect((await use('server')).found[0]?.measurements).toBe(10);
  });

  test('a request starts the comparison itself where no timer does, and does not wait for it', async () => {
    await use('server');
    await adaptTarget(store, first.predictor, 'server', measured('server', 10));
    pass(3);
    expect((await use('server')).found[0]?.measurements).toBe(20);
    await cache.revalidate();
    expect((await use('server')).found[0]?.measurements).toBe(10);
  });

  test('predictor and adaptations always of one version, while the champion changes under load', async () => {
    await use('server', 'phone_1');
    const seen = new Set<string>();
    let going = true;
    const clients = Array.from({ length: 4 }, async () => {
      while (going) {
        const { version, found } = await use('server', 'phone_1');
        seen.add(version);
        const { hash } = versionOf(first) === version ? first.predictor.identity : second.predictor.identity;
        expect(found.map((adaptation) => adaptation?.predictorHash)).toEqual([hash, hash]);
        await new Promise(setImmediate);
      }
    });
    for (const next of [second, first, second]) {
      await deployTiny(store, next);
      pass(3);
      await cache.revalidate();
      await new Promise(setImmediate);
    }
    going = false;
    await Promise.all(clients);
    expect(seen).toEqual(new Set([versionOf(first), versionOf(second)]));
    expect((await use('server')).version).toBe(versionOf(second));
    expect(errors).toEqual([]);
  });

  test('a new champion comes with the adaptations in use already in memory', async () => {
    await use('server', 'phone_1');
    await deployTiny(store, second);
    pass(3);
    await cache.revalidate();
    calls();
    expect((await use('server', 'phone_1')).version).toBe(versionOf(second));
    expect(calls()).toEqual([]);
  });

  test('the old pair answers until the adaptations in use are loaded for the new champion', async () => {
    await use('server');
    await deployTiny(store, second);
    const { get } = store;
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    store.get = (async (key: string, ifNoneMatch: string) => {
      if (key.startsWith(`adaptations/${versionOf(second)}`)) await held;
      return get(key, ifNoneMatch);
    }) as typeof get;
    pass(3);
    const comparing = cache.revalidate();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await use('server')).version).toBe(versionOf(first));
    release();
    await comparing;
    expect((await use('server')).version).toBe(versionOf(second));
    store.get = get;
  });

  test('after a long pause the champion of now, not the one of then', async () => {
    await use('server');
    await deployTiny(store, second);
    pass(300);
    expect((await use('server')).version).toBe(versionOf(second));
  });

  test('the old pair goes on while the new champion is not complete', async () => {
    await use('server');
    await promote(store, 'not-there');
    pass(3);
    await cache.revalidate();
    expect(errors).toMatchObject([{ code: 'invalid-predictor', message: /not-there' is not complete/ }]);
    expect((await use('server')).version).toBe(versionOf(first));
    calls();
    pass(3);
    await cache.revalidate();
    expect(calls()).toEqual(['get predictors/aliases.json']);
    await deployTiny(store, second);
    pass(3);
    await cache.revalidate();
    expect((await use('server')).version).toBe(versionOf(second));
  });

  test('the old pair goes on while the store is down', async () => {
    await use('server');
    const { get } = store;
    store.get = (() => Promise.reject(new Error('store is down'))) as typeof get;
    pass(3);
    await cache.revalidate();
    expect((await use('server')).version).toBe(versionOf(first));
    pass(1000);
    expect((await use('server')).found[0]?.measurements).toBe(20);
    expect(errors.length).toBeGreaterThan(0);
    store.get = get;
  });

  test('a comparison that never ends is given up after half a minute; the next brings the new champion', async () => {
    await use('server');
    await deployTiny(store, second);
    const { get } = store;
    const { promise: silence, resolve: endSilence } = Promise.withResolvers<void>();
    store.get = (async (key: string, ifNoneMatch: string) => {
      await silence;
      return get(key, ifNoneMatch);
    }) as typeof get;
    pass(3);
    const stalled = cache.revalidate();
    store.get = get;
    pass(29);
    void cache.revalidate();
    expect((await use('server')).version).toBe(versionOf(first));
    pass(1);
    await cache.revalidate();
    expect((await use('server')).version).toBe(versionOf(second));
    await deployTiny(store, first);
    endSilence();
    await stalled;
    expect((await use('server')).version).toBe(versionOf(second));
    expect(errors).toEqual([]);
  });

  test('a first load that never ends holds up those who came in the same half minute, and nobody after', async () => {
    const { get } = store;
    store.get = (() => new Promise(() => {})) as typeof get;
    void use('server');
    await new Promise(setImmediate);
    store.get = get;
    pass(30);
    expect((await use('server')).found[0]?.measurements).toBe(20);
  });

  test('an adaptation whose read never ends is read anew, and who waited gets what the new read found', async () => {
    await cache.champion();
    const { get } = store;
    const { promise: silence, resolve: endSilence } = Promise.withResolvers<void>();
    store.get = (async (key: string) => {
      await silence;
      return get(key);
    }) as typeof get;
    const waiting = use('server');
    await new Promise(setImmediate);
    store.get = get;
    pass(30);
    expect((await use('server')).found[0]?.measurements).toBe(20);
    endSilence();
    expect((await waiting).found[0]?.measurements).toBe(20);
  });

  test('a failed first read is tried again by the next request', async () => {
    const { get } = store;
    store.get = (() => Promise.reject(new Error('store is down'))) as typeof get;
    await expect(use('server')).rejects.toThrow('store is down');
    store.get = get;
    expect((await use('server')).found[0]?.measurements).toBe(20);
  });

  test('never an adaptation that was made for another predictor', async () => {
    const foreign = store.objects.get(`adaptations/${versionOf(first)}/server.json`)!;
    await deployTiny(store, second);
    store.objects.set(`adaptations/${versionOf(second)}/server.json`, foreign);
    await expect(use('server')).rejects.toMatchObject({ code: 'internal', message: /was made for predictor/ });
  });
});

test('the longest unused adaptations make room', async () => {
  const small = predictorCache({ store, now: () => clock, loadPredictor, capacity: 2 });
  const { adaptations } = await small.champion();
  for (const id of ['server', 'phone_1', 'server', 'phone_32']) await adaptations.get(id);
  calls();
  await adaptations.get('server');
  expect(calls()).toEqual([]);
  await adaptations.get('phone_1');
  expect(calls()).toEqual(['get adaptations/V/phone_1.json']);
});
