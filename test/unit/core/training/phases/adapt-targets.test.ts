// How targets are divided into the batches of the state machine's map, and where that ends.
import { describe, expect, it } from 'vitest';
import { batchSize, mostBatches, planAdaptation } from '#core/training/phases/adapt-targets.ts';
import { planAdaptPhase } from '#core/training/phases/promote-phase.ts';
import { changeRun } from '#core/training/runs/run-record.ts';
import { beginRun } from '#core/training/runs/start-run.ts';
import { mapStore } from '../../map-store.ts';

async function batchesOf(count: number) {
  const store = mapStore();
  for (let i = 0; i < count; i++) store.objects.set(`targets/t${String(i).padStart(6, '0')}.json`, new Uint8Array());
  return planAdaptation(store);
}

describe('the batches of an adaptation', () => {
  it('are of fifty targets, one after another', async () => {
    expect(await batchesOf(0)).toEqual([]);
    expect(await batchesOf(120)).toEqual([
      { after: '', count: 50 },
      { after: 't000049', count: 50 },
      { after: 't000099', count: 20 },
    ]);
  });

  it('end where the results of a distributed map would be too many', async () => {
    const most = batchSize * mostBatches;
    const store = {
      ...mapStore(),
      async *list() {
        for (let i = 0; i <= most; i++) yield `targets/t${i}.json`;
      },
    };
    await expect(planAdaptation(store)).rejects.toThrow(/2000001 targets.*at most 2000000/);
  });
});

describe('what the state machine is given', () => {
  const mostInlineBatches = 200;
  async function planned(targets: number) {
    const store = mapStore();
    await beginRun(store, { requestedBy: 'operator', runId: 'a', now: 0 });
    await changeRun(store, 'a', 0, () => ({ decision: { outcome: 'promoted', reasons: ['better'] } }));
    // As long as an id may be.
    const idOf = (i: number): string => String(i).padStart(6, '0').padEnd(128, 'x');
    for (let i = 0; i < targets; i++) store.objects.set(`targets/${idOf(i)}.json`, new Uint8Array());
    const context = { store, now: () => 0 };
    return { store, ...(await planAdaptPhase(context, 'a', { mostInlineBatches })) };
  }

  it('are all batches, up to as many as the inline map takes, in far less than 256 KiB', async () => {
    const { store, batchCount, batches, batchesKey } = await planned(mostInlineBatches * batchSize);
    expect([batchCount, batches.length]).toEqual([200, 200]);
    expect(JSON.stringify(batches).length).toBeLessThan(32 * 1024);
    expect(JSON.parse(new TextDecoder().decode(store.objects.get(batchesKey)))).toEqual(batches);
  });

  it('is where they are, and their number, beyond that', async () => {
    const { store, batchCount, batches, batchesKey } = await planned(mostInlineBatches * batchSize + 1);
    expect([batchCount, batches]).toEqual([201, []]);
    const stored = JSON.parse(new TextDecoder().decode(store.objects.get(batchesKey)));
    expect(stored).toHaveLength(201);
    expect(stored[200]).toEqual({ after: `009999${'x'.repeat(122)}`, count: 1 });
  });
});
