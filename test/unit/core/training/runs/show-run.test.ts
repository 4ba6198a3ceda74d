// What a run under way says of its phases, from the objects that they leave.
import { expect, test } from 'vitest';
import { runKey, runScoringKey } from '#core/training/keys.ts';
import { runRecordSchema } from '#core/training/runs/run-record.ts';
import { showRun } from '#core/training/runs/show-run.ts';
import { mapStore } from '../../map-store.ts';

test('of a fold that is being scored its evaluations count', async () => {
  const store = mapStore();
  const put = (key: string, value: unknown) => store.put(key, new TextEncoder().encode(JSON.stringify(value)));
  const at = new Date(0).toISOString();
  await put(
    runKey('r'),
    runRecordSchema.parse({
      runId: 'r',
      searchSpace: 'ofa',
      requestedBy: 'operator',
      settings: { folds: 4, repeats: 4 },
      status: 'running',
      committed: false,
      createdAt: at,
      updatedAt: at,
      steps: { evaluate: { startedAt: at } },
      heldOut: { devices: 4, folds: 4 },
    }),
  );
  await put(runScoringKey('r', 0), { done: 6, total: 6 });
  await put(runScoringKey('r', 1), { done: 3, total: 6 });
  const { steps } = await showRun(store, 'r', 30_000);
  // One and a half of four folds in 30 s: 50 s for the others.
  expect(steps.find(({ step }) => step === 'evaluate')).toMatchObject({ done: 1, total: 4, share: 0.375, leftS: 50 });
});
