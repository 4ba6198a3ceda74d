import { expect, test } from 'vitest';
import { writeJson } from '#core/store/stored-json.ts';
import { runKey } from '#core/training/keys.ts';
import { type ListedRun, observeTraining } from '#core/training/runs/observe-training.ts';
import type { RunRecord } from '#core/training/runs/run-record.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';
import { type MapStore, mapStore } from '../../map-store.ts';

const now = Date.parse('2026-03-10T12:00:00.000Z');
const at = (hoursAgo: number): string => new Date(now - hoursAgo * 3_600_000).toISOString();

/** A run that began an hour before it ended; `hoursAgo` it ended, or began where it goes on. */
async function put(
  store: MapStore,
  runId: string,
  hoursAgo: number,
  { status, requestedBy = 'schedule' }: Pick<RunRecord, 'status'> & Partial<Pick<RunRecord, 'requestedBy'>>,
): Promise<ListedRun> {
  const record: RunRecord = {
    runId,
    requestedBy,
    settings: runSettingsSchema.parse({}),
    status,
    committed: false,
    createdAt: at(hoursAgo + 1),
    updatedAt: at(hoursAgo),
    ...(status !== 'running' && { finishedAt: at(hoursAgo) }),
    steps: {},
  };
  await writeJson(store, runKey(runId), record);
  return { key: runKey(runId), modifiedAtMs: Date.parse(record.updatedAt) };
}

test('nothing is said of what there is nothing of', async () => {
  expect(await observeTraining(mapStore(), [], now)).toEqual({
    championAgeHours: undefined,
    hoursSinceGoodRun: undefined,
  });
});

test('the last good run counts, and none is read beyond it', async () => {
  const store = mapStore();
  const runs = [
    await put(store, 'old', 100, { status: 'promoted' }),
    await put(store, 'good', 30, { status: 'refused' }),
    await put(store, 'looked', 8, { status: 'skipped', requestedBy: 'data' }),
    await put(store, 'failed', 6, { status: 'failed' }),
    await put(store, 'goes-on', 0, { status: 'running' }),
  ];
  store.calls.length = 0;
  expect((await observeTraining(store, runs, now)).hoursSinceGoodRun).toBe(30);
  expect(store.calls.filter((call) => call.startsWith('get training-runs/'))).toEqual(
    ['goes-on', 'failed', 'looked', 'good'].map((id) => `get ${runKey(id)}`),
  );
});

test('a run with nothing new to decide on is good, but for one that looks for new data', async () => {
  const store = mapStore();
  const runs = [await put(store, 'a', 5, { status: 'skipped' }), await put(store, 'b', 90, { status: 'promoted' })];
  expect((await observeTraining(store, runs, now)).hoursSinceGoodRun).toBe(5);
});

test('without a good one it is the time since the first began', async () => {
  const store = mapStore();
  const runs = [await put(store, 'b', 2, { status: 'stopped' }), await put(store, 'a', 50, { status: 'failed' })];
  expect((await observeTraining(store, runs, now)).hoursSinceGoodRun).toBe(51);
});

test('the champion is as old as its card says', async () => {
  const store = mapStore();
  await writeJson(store, 'predictors/aliases.json', { champion: 'v1' });
  const training = { seed: 0, steps: 1, trainS: 0, networks: 1, targets: [], dataHash: '' };
  const card = { version: 'v1', hash: '0'.repeat(64), createdAt: at(36), training, learningCurve: [], limits: [] };
  await writeJson(store, 'predictors/v1/card.json', card);
  expect((await observeTraining(store, [], now)).championAgeHours).toBe(36);
});
