import { expect, test } from 'vitest';
import { writeJson } from '#core/store/stored-json.ts';
import { adaptationKey } from '#core/targets/keys.ts';
import { dropAdaptations } from '#core/training/phases/drop-adaptations.ts';
import { mapStore } from '../../map-store.ts';

test('what stays is of the champion, the challenger and the versions that are named', async () => {
  const store = mapStore();
  await writeJson(store, 'predictors/aliases.json', { champion: 'v4', challenger: 'v5' });
  for (const version of ['v1', 'v2', 'v3', 'v4', 'v5']) {
    for (const target of ['pi', 'phone']) await store.put(adaptationKey(version, target), new Uint8Array());
  }
  await store.put('measurements/v1.json', new Uint8Array());
  expect(await dropAdaptations(store, ['v3', undefined])).toBe(4);
  const left = [...store.objects.keys()].filter((key) => key.startsWith('adaptations/')).sort();
  expect(left).toEqual(['v3', 'v4', 'v5'].flatMap((v) => ['phone', 'pi'].map((id) => `adaptations/${v}/${id}.json`)));
  expect(store.objects.has('measurements/v1.json')).toBe(true);
  expect(await dropAdaptations(store, ['v3'])).toBe(0);
});

test('where nothing is in use, what is named stays all the same', async () => {
  const store = mapStore();
  await store.put(adaptationKey('v1', 'pi'), new Uint8Array());
  expect(await dropAdaptations(store, ['v1'])).toBe(0);
});
