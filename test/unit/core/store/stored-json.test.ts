import { expect, test } from 'vitest';
import * as z from 'zod';
import { readJson, updateJson, writeJson } from '#core/store/stored-json.ts';
import { mapStore } from '../map-store.ts';

const counterSchema = z.strictObject({ count: z.int() });

test('what is written is read back, and nothing is undefined', async () => {
  const store = mapStore();
  expect(await readJson(store, 'a.json', counterSchema)).toBeUndefined();
  const etag = await writeJson(store, 'a.json', { count: 1 });
  expect(await readJson(store, 'a.json', counterSchema)).toEqual({ value: { count: 1 }, etag });
});

test.each([
  ['{"count":1,"more":2}', /'a.json' is not of its schema/],
  ['{"count":', /'a.json' is not JSON/],
])('an object that is not of the schema is an error of the service: %s', async (text, message) => {
  const store = mapStore();
  store.objects.set('a.json', new TextEncoder().encode(text));
  await expect(readJson(store, 'a.json', counterSchema)).rejects.toMatchObject({ code: 'internal', message });
});

test('twenty writers racing on one object lose no change', async () => {
  const store = mapStore();
  const add = () =>
    updateJson(store, 'a.json', counterSchema, (now) => ({ count: (now?.count ?? 0) + 1 }), { attempts: 40 });
  await Promise.all(Array.from({ length: 20 }, add));
  expect((await readJson(store, 'a.json', counterSchema))?.value).toEqual({ count: 20 });
});

test('gives up with a conflict when somebody else is always first', async () => {
  const store = mapStore();
  let others = 0;
  const change = (now: { count: number } | undefined) => {
    store.objects.set('a.json', new TextEncoder().encode(JSON.stringify({ count: 100 + others++ })));
    return { count: (now?.count ?? 0) + 1 };
  };
  await expect(updateJson(store, 'a.json', counterSchema, change, { attempts: 3 })).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(others).toBe(3);
});

test('no change writes nothing', async () => {
  const store = mapStore();
  await writeJson(store, 'a.json', { count: 1 });
  store.calls.length = 0;
  expect(await updateJson(store, 'a.json', counterSchema, () => undefined)).toEqual({ count: 1 });
  expect(store.calls).toEqual(['get a.json']);
});
