// A fit in pieces: interrupted anywhere or not at all, the bytes are the same.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { featureSchemaId } from '#core/predictor/predictor-parameters.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { decodeCheckpoint, encodeCheckpoint } from '#core/training/fits/checkpoint.ts';
import { continueFit } from '#core/training/fits/continue-fit.ts';
import { type FitSpec, fitIdOf } from '#core/training/fits/specification.ts';
import { fitKey } from '#core/training/keys.ts';
import { freezeSnapshot } from '#core/training/snapshot/freeze-snapshot.ts';
import { type MapStore, mapStore } from '../../map-store.ts';
import { storeDataset, storeStandardTarget } from '../tiny-training.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let spec: FitSpec;
let frozen: MapStore;
beforeAll(async () => {
  frozen = mapStore();
  await storeDataset(frozen);
  const { snapshotId } = await freezeSnapshot(frozen);
  const heldOut = ['board'];
  spec = {
    formatVersion: 2,
    snapshotId,
    features: featureSchemaId,
    lowerings: ['eager', 'fused'],
    heldOut,
    only: null,
    seed: 3,
    steps: 12,
    stepsPerReport: 3,
  };
});

async function prepared(): Promise<{ store: MapStore; fitId: string }> {
  const store = mapStore();
  for (const [key, body] of frozen.objects) store.objects.set(key, body);
  const fitId = fitIdOf(spec);
  await writeJson(store, fitKey(fitId, 'spec.json'), spec);
  return { store, fitId };
}

const hashOf = (store: MapStore, fitId: string): string[] =>
  (['predictor.onnx', 'predictor.json', 'curve.json'] as const).map((file) =>
    createHash('sha256')
      .update(store.objects.get(fitKey(fitId, file))!)
      .digest('hex'),
  );

const forever = { now: () => 0, deadlineMs: 1 };

describe('a fit', () => {
  it('ends with the same bytes when its time is up after every call, and when it is killed in between', async () => {
    const whole = await prepared();
    expect(await continueFit(whole.store, whole.fitId, forever)).toEqual({ done: true, step: 12, steps: 12 });

    const pieces = await prepared();
    const seen: number[] = [];
    for (let done = false; !done; ) {
      const result = await continueFit(pieces.store, pieces.fitId, { now: () => 2, deadlineMs: 1 });
      seen.push(result.step);
      done = result.done;
    }
    expect(seen).toEqual([3, 6, 9, 12]);
    expect(hashOf(pieces.store, pieces.fitId)).toEqual(hashOf(whole.store, whole.fitId));

    const killed = await prepared();
    let calls = 0;
    const dies = async (): Promise<void> => {
      // After every second call, with a checkpoint of the first only: the second is lost and made again.
      if (++calls % 2 === 0) throw new Error('killed');
    };
    let time = 0;
    for (let done = false; !done; ) {
      const now = (): number => {
        if (calls % 2 === 0) time += 31_000;
        return time;
      };
      const options = { now, deadlineMs: 1e12, onProgress: dies };
      done = await continueFit(killed.store, killed.fitId, options).then(
        (result) => result.done,
        () => false,
      );
      expect(calls).toBeLessThan(20);
    }
    expect(hashOf(killed.store, killed.fitId)).toEqual(hashOf(whole.store, whole.fitId));
  });

  it('is not made again once it is there', async () => {
    const { store, fitId } = await prepared();
    await store.put(fitKey(fitId, 'predictor.json'), new Uint8Array());
    expect(await continueFit(store, fitId, forever)).toMatchObject({ done: true });
  });

  it('learns from the devices that are not held out', async () => {
    const { store, fitId } = await prepared();
    await continueFit(store, fitId, forever);
    const json = JSON.parse(new TextDecoder().decode(store.objects.get(fitKey(fitId, 'predictor.json'))));
    const ids = json.lineage.groups[0].targets.map((target: { id: string }) => target.id);
    expect(ids).toEqual(['phone', 'server', 'tablet']);
  });
});

describe('targets that have measured operator graphs alone', () => {
  it('are learned from as a group of their own and together with all others, but for those held out', async () => {
    const store = mapStore();
    await storeDataset(store);
    for (const target of ['camera', 'board']) await storeStandardTarget(store, target);
    await storeStandardTarget(store, 'gate', 0.5, 11);
    const { snapshotId } = await freezeSnapshot(store);
    const own = { ...spec, snapshotId, steps: 3 };
    const fitId = fitIdOf(own);
    await writeJson(store, fitKey(fitId, 'spec.json'), own);
    await continueFit(store, fitId, forever);
    const json = JSON.parse(new TextDecoder().decode(store.objects.get(fitKey(fitId, 'predictor.json'))));
    const groups = json.lineage.groups as {
      id: string;
      networks: number;
      targets: { id: string; measurements: number }[];
    }[];
    expect(groups.find(({ id }) => id === 'graphs')).toMatchObject({
      networks: 17,
      targets: [{ id: 'camera', measurements: 17 }],
    });
    expect(groups.find(({ id }) => id === 'all')!.targets.map(({ id }) => id)).toContain('camera');
  });
});

describe('a checkpoint', () => {
  const state = {
    parameters: new Float32Array([1.5, -0, 3e-45]),
    firstMoment: new Float32Array([1e30, 2, 3]),
    secondMoment: new Float32Array([4, 5, Math.fround(0.1)]),
  };
  const bytes = encodeCheckpoint({ step: 25, loss: -0.125, state });

  it('is read back bit for bit', () => {
    expect(decodeCheckpoint(bytes)).toEqual({ step: 25, loss: -0.125, state });
    expect(Object.is(decodeCheckpoint(bytes).state.parameters[1], -0)).toBe(true);
  });

  it.each([
    ['cut off', bytes.subarray(0, bytes.length - 1)],
    ['empty', new Uint8Array()],
    ['changed', Uint8Array.from(bytes, (value, i) => (i === bytes.length - 2 ? value ^ 1 : value))],
  ])('that is %s is refused', (_, damaged) => {
    expect(() => decodeCheckpoint(damaged)).toThrow(/checkpoint/);
  });
});
