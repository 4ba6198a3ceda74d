// What fits of the service learn of counters: from the fit's own targets alone, the same whatever interrupts it, and
// nothing where there is too little to learn from.
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { featureDimension, learnedFeatures } from '#core/predictor/hypotheses.ts';
import { kernelClassNames } from '#core/predictor/kernels/kernel-classes.ts';
import { counterPriorMeans } from '#core/predictor/operators/counter-prior.ts';
import { featureSchemaId, parseParameters } from '#core/predictor/predictor-parameters.ts';
import { predictorKey } from '#core/predictors/keys.ts';
import { readJson, writeJson } from '#core/store/stored-json.ts';
import { adaptationIn, keptAdaptationSchema } from '#core/targets/kept-adaptation.ts';
import { adaptationKey } from '#core/targets/keys.ts';
import { type ContinueFitOptions, continueFit } from '#core/training/fits/continue-fit.ts';
import { countedByFit } from '#core/training/fits/counted-by-fit.ts';
import { episodeData } from '#core/training/fits/episode-data.ts';
import { type FitSpec, fitFormatVersion, fitIdOf } from '#core/training/fits/specification.ts';
import { fitKey } from '#core/training/keys.ts';
import { freezeSnapshot } from '#core/training/snapshot/freeze-snapshot.ts';
import { readManifest, readMeasurements } from '#core/training/snapshot/snapshot.ts';
import { trainingPool } from '#core/training/snapshot/training-pool.ts';
import { type MapStore, mapStore } from '../../map-store.ts';
import { type CountedDataset, countedTargets, descriptorWith, storeCountedDataset } from '../counted-training.ts';
import { contextOf, drive } from '../tiny-training.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const forever: ContinueFitOptions = { now: () => 0, deadlineMs: 1 };

/** A store with the dataset frozen and one fit planned. */
async function planned(dataset: CountedDataset = {}, leftOut: Partial<Pick<FitSpec, 'heldOut' | 'only'>> = {}) {
  const store = mapStore();
  await storeCountedDataset(store, dataset);
  const { snapshotId } = await freezeSnapshot(store);
  const spec: FitSpec = {
    ...{ formatVersion: fitFormatVersion, snapshotId, features: featureSchemaId, lowerings: ['eager', 'fused'] },
    ...{ heldOut: [], only: null, seed: 3, steps: 12, stepsPerReport: 3, ...leftOut },
  };
  const fitId = fitIdOf(spec);
  await writeJson(store, fitKey(fitId, 'spec.json'), spec);
  return { store, fitId, spec };
}

const jsonOf = ({ store, fitId }: { readonly store: MapStore; readonly fitId: string }): string =>
  new TextDecoder().decode(store.objects.get(fitKey(fitId, 'predictor.json')));

/** predictor.json of a whole fit. */
async function fitted(...planning: Parameters<typeof planned>): Promise<string> {
  const fit = await planned(...planning);
  await continueFit(fit.store, fit.fitId, forever);
  return jsonOf(fit);
}

const mapIn = (json: string) => parseParameters(new TextEncoder().encode(json)).counters;

let whole: string;
beforeAll(async () => {
  whole = await fitted();
});

describe('a fit', () => {
  it('learns that computing is cheap, and moving bytes dear, where counters tell so', () => {
    const map = mapIn(whole)!;
    expect(map.targets).toHaveLength(8);
    const meanOf = (cacheMisses: number, kernels: string): number =>
      counterPriorMeans(map, descriptorWith(cacheMisses))![0]![learnedFeatures + kernelClassNames.indexOf(kernels)]!;
    for (const [misses, sign] of [
      [5000, 1],
      [50, -1],
    ] as const) {
      expect(sign * meanOf(misses, 'convolution-3')).toBeLessThan(-0.5);
      expect(sign * meanOf(misses, 'sum')).toBeGreaterThan(0.3);
    }
  });

  it('learns nothing from counters of hardware that is held out, or of targets that are not its own', async () => {
    const changed = (device: string) => ({
      cacheMisses: (own: string) => (own === device ? 700 : own === 'server' || own === 'tablet' ? 5000 : 50),
    });
    const without = await fitted({}, { heldOut: ['phone'] });
    expect(mapIn(without)!.targets).toHaveLength(6);
    expect(await fitted(changed('phone'), { heldOut: ['phone'] })).toBe(without);
    expect(await fitted(changed('board'), { heldOut: ['phone'] })).not.toBe(without);
    const only = countedTargets.filter((id) => !id.startsWith('tablet'));
    expect(await fitted(changed('tablet'), { only })).toBe(await fitted({}, { only }));
  });

  it.each([
    ['nothing is counted', { cacheMisses: () => undefined }],
    ['five targets count', { without: countedTargets.slice(5) }],
    ['all count in one runtime', { runtimes: ['tflite', 'tflite'] }],
  ] satisfies [string, CountedDataset][])('has the bytes of one without descriptors where %s', async (_, dataset) => {
    const bare = await fitted({ without: countedTargets });
    expect(mapIn(bare)).toBeUndefined();
    expect(await fitted(dataset)).toBe(bare);
  });
});

describe('interrupted, a fit', () => {
  /** Calls until it is done; how far each said it is, at its end. */
  async function inPieces(options: () => ContinueFitOptions) {
    const fit = await planned();
    const seen: number[] = [];
    for (let done = false; !done; ) {
      const result = await continueFit(fit.store, fit.fitId, options());
      seen.push(result.step);
      done = result.done;
      expect(seen.length).toBeLessThan(20);
    }
    return { seen, json: jsonOf(fit) };
  }

  it('ends with the same bytes when its time is up after every call; counters have a call of their own', async () => {
    // The last step counts when counters are learned from.
    const { seen, json } = await inPieces(() => ({ now: () => 2, deadlineMs: 1 }));
    expect(seen).toEqual([3, 6, 9, 11, 12]);
    expect(json).toBe(whole);
  });

  it('ends with the same bytes when its time is up between two targets with counters', async () => {
    const { seen, json } = await inPieces(() => {
      let reports = 0;
      const onProgress = async (): Promise<void> => void reports++;
      // Four of the steps, then one before each target.
      return { now: () => (reports > 4 + 3 ? 2 : 0), deadlineMs: 1, onProgress };
    });
    expect(seen).toEqual([11, 12]);
    expect(json).toBe(whole);
  });

  it('that is killed while it learns from counters takes no step again', async () => {
    const fit = await planned();
    const reported: number[] = [];
    const dies = async ({ step }: { readonly step: number }): Promise<void> => {
      reported.push(step);
      if (reported.length === 4 + 3) throw new Error('killed');
    };
    await expect(continueFit(fit.store, fit.fitId, { ...forever, onProgress: dies })).rejects.toThrow('killed');
    expect(reported).toEqual([3, 6, 9, 11, 11, 11, 11]);
    reported.length = 0;
    const again = async ({ step }: { readonly step: number }): Promise<void> => void reported.push(step);
    expect(await continueFit(fit.store, fit.fitId, { ...forever, onProgress: again })).toMatchObject({ done: true });
    expect(reported).toEqual(new Array(8).fill(11));
    expect(jsonOf(fit)).toBe(whole);
  });
});

it('takes so many targets, of every runtime and hardware in turn, with so many of their networks', async () => {
  const { store, spec } = await planned();
  const manifest = await readManifest(store, spec.snapshotId);
  const pool = trainingPool(manifest, await readMeasurements(store, manifest));
  const data = episodeData(pool, spec.lowerings, spec);
  const chosen = (await countedByFit(store, manifest, data, { targets: 3, networks: 20 }))!;
  expect(chosen.map(({ runtime }) => runtime)).toEqual(['onnxruntime', 'tflite', 'onnxruntime']);
  // Of board, board and phone: in the order of their ids.
  const [group] = data.groups;
  const column = (id: string) => group!.targets.find((target) => target.id === id)!.latencyMs;
  const spaced = (id: string) =>
    Array.from({ length: 20 }, (_, i) => column(id)[Math.floor((i * column(id).length) / 20)]);
  expect(chosen.map(({ latencyMs }) => [...latencyMs])).toEqual(
    ['board-onnxruntime', 'board-tflite', 'phone-onnxruntime'].map(spaced),
  );
  expect(chosen[2]!.networks[1]).toBe(group!.networks[Math.floor(column('phone-onnxruntime').length / 20)]);
});

it('a run publishes a predictor with a map, and adapts by it what has counters', async () => {
  const store = mapStore();
  await storeCountedDataset(store);
  const run = await drive(contextOf(store));
  expect(run.status).toBe('promoted');
  const json = store.objects.get(predictorKey(run.version!, 'predictor.json'))!;
  expect(parseParameters(json).counters!.targets).toHaveLength(8);
  const kept = (await readJson(store, adaptationKey(run.version!, 'phone-tflite'), keptAdaptationSchema))!.value;
  const { heads } = adaptationIn(kept)!;
  expect(heads[0]!.priorMean).toHaveLength(featureDimension);
});
