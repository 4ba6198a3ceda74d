// A token's share of the functions' time: one budget for all processes, a write only now and then.
import { expect, test } from 'vitest';
import { tokenWork } from '#core/access/token-work.ts';
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { mapStore } from '../map-store.ts';

const noon = Date.parse('2026-03-01T12:00:00.000Z');
const dayMs = 86_400_000;

function service(budgetS: number, store: Store = mapStore()) {
  const clock = { now: noon, ms: 0 };
  const errors: unknown[] = [];
  /** One process: does work that takes so many seconds. */
  const process = () => {
    const metered = tokenWork({
      store,
      now: () => clock.now,
      elapsedMs: () => clock.ms,
      budgetMs: budgetS * 1000,
      onError: (error) => errors.push(error),
    });
    return (tokenId: string, seconds: number) =>
      metered(tokenId, async () => {
        clock.ms += seconds * 1000;
        return 'done';
      });
  };
  return { clock, store, errors, process };
}
const refused = { code: 'quota-exceeded', message: expect.stringContaining('100 s of the service') };

test('what a token has had counts in every process, and a process is at most one report over', async () => {
  const { process } = service(100);
  const [first, second] = [process(), process()];
  for (let i = 0; i < 6; i++) await first('a', 10);
  for (let i = 0; i < 4; i++) await second('a', 10);
  await expect(second('a', 1)).rejects.toMatchObject(refused);
  // The first was told 60 s and has not reported since.
  expect(await first('a', 10)).toBe('done');
  await expect(first('a', 1)).rejects.toMatchObject(refused);
  expect(await first('b', 1)).toBe('done');
  // One that has just started learns it with its first report.
  const third = process();
  expect(await third('a', 10)).toBe('done');
  await expect(third('a', 1)).rejects.toMatchObject(refused);
});

test('ten seconds of work are one read and one write, and less is none', async () => {
  const store = mapStore();
  const work = service(100, store).process();
  for (let i = 0; i < 9; i++) await work('a', 1);
  expect(store.calls).toEqual([]);
  await work('a', 1);
  expect(store.calls).toEqual(['get token-work/a.json', 'put token-work/a.json']);
  expect(JSON.parse(new TextDecoder().decode(store.objects.get('token-work/a.json')))).toEqual({
    day: '2026-03-01',
    workMs: 10_000,
  });
});

test('a new day begins with nothing, and a clock that is set back brings back no day', async () => {
  const { clock, process } = service(100);
  const work = process();
  await work('a', 100);
  await expect(work('a', 1)).rejects.toMatchObject(refused);
  clock.now += dayMs;
  await work('a', 100);
  await expect(work('a', 1)).rejects.toMatchObject(refused);
  clock.now -= dayMs;
  await expect(work('a', 1)).rejects.toMatchObject(refused);
  // Nor in a process that has never seen the later one.
  const other = process();
  await other('a', 10);
  await expect(other('a', 1)).rejects.toMatchObject(refused);
});

test('work that fails counts too, and its error is the caller’s', async () => {
  const { clock, process } = service(100);
  const metered = tokenWork({ store: mapStore(), now: () => clock.now, elapsedMs: () => clock.ms, budgetMs: 5000 });
  const failing = metered('a', async () => {
    clock.ms += 5000;
    throw new RangeError('of the work');
  });
  await expect(failing).rejects.toThrow(RangeError);
  await expect(metered('a', async () => 1)).rejects.toMatchObject({ code: 'quota-exceeded' });
  expect(await process()('a', 1)).toBe('done');
});

test('a store that fails refuses nobody, and the count is brought later', async () => {
  const store = mapStore();
  let fails = true;
  const { errors, process } = service(100, {
    ...store,
    put: (...given) => (fails ? Promise.reject(new DomainError('storage-failed', 'no')) : store.put(...given)),
  });
  const work = process();
  expect(await work('a', 60)).toBe('done');
  expect(errors).toHaveLength(1);
  fails = false;
  await work('a', 40);
  expect(JSON.parse(new TextDecoder().decode(store.objects.get('token-work/a.json'))).workMs).toBe(100_000);
});
