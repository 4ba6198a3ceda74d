// How targets are divided into the batches of the state machine's map, and where that ends.
import { describe, expect, it } from 'vitest';
import { mostBatches, mostBatchSize, planAdaptation } from '#core/training/adapt-all.ts';
import { mapStore } from '../map-store.ts';

async function batchesOf(count: number) {
  const store = mapStore();
  for (let i = 0; i < count; i++)
    store.objects.set(`targets/ofa/t${String(i).padStart(6, '0')}.json`, new Uint8Array());
  return planAdaptation(store, 'ofa');
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

  it('grow where there would be more than an inline map takes, and end where a step’s time would', async () => {
    const batches = await batchesOf(15_001);
    expect(batches.length).toBeLessThanOrEqual(mostBatches);
    expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(15_001);
    await expect(batchesOf(mostBatches * mostBatchSize + 1)).rejects.toThrow(/100001 targets.*at most 100000/);
  });
});
