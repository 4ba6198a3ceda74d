// Use case: go on with a fit until it is done or the time is up. Called again it goes on from its last checkpoint, in
// another process or on another machine, and ends with the same bytes as if it had never been interrupted.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { addCounterMap } from '#core/predictor/fitting/add-counter-map.ts';
import { type FitCheckpoint, type FitOptions, fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, writeJson } from '#core/store/stored-json.ts';
import { fitKey } from '#core/training/keys.ts';
import { readGraphPool } from '#core/training/snapshot/graph-pool.ts';
import { readManifest, readMeasurements } from '#core/training/snapshot/snapshot.ts';
import { trainingPool } from '#core/training/snapshot/training-pool.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { countedByFit, measuredCounters } from './counted-by-fit.ts';
import { episodeData } from './episode-data.ts';
import { measuredGraphs } from './graph-group.ts';
import { type FitSpec, readFitSpec } from './specification.ts';

export interface ContinueFitOptions {
  /** ms since the epoch. */
  readonly now: () => number;
  /** When to save and return, ms since the epoch. The steps up to the next report, or the target whose counters are
   * looked at, some seconds, may still end after it. A call that begins after the last step goes on to the end, a
   * minute at most. */
  readonly deadlineMs: number;
  /** Least time between two checkpoints: what a kill loses. */
  readonly checkpointS?: number;
  /** Called after every few steps; what it throws ends the fit. */
  readonly onProgress?: (progress: ContinuedFit & { readonly loss: number }) => Promise<void>;
}

export interface ContinuedFit {
  readonly done: boolean;
  /** Where a fit learns from counters, the last one counts with these. */
  readonly step: number;
  readonly steps: number;
}

export const curveSchema = z.array(z.strictObject({ step: z.int().positive(), loss: z.number() }));
export type LossCurve = z.infer<typeof curveSchema>;

class TimeIsUp extends Error {}

/** @throws DomainError `not-found` without a specification; what `onProgress` throws */
export async function continueFit(store: Store, fitId: string, options: ContinueFitOptions): Promise<ContinuedFit> {
  const { now, deadlineMs, checkpointS = 30, onProgress } = options;
  const spec = await readFitSpec(store, fitId);
  const { steps } = spec;
  const key = (file: Parameters<typeof fitKey>[1]): string => fitKey(fitId, file);
  if (await store.get(key('predictor.json'))) return { done: true, step: steps, steps };
  const resume = await lastCheckpoint(store, key('checkpoint.bin'));
  const before = (await readJson(store, key('curve.json'), curveSchema))?.value ?? [];
  const curve: LossCurve = before.filter(({ step }) => resume !== undefined && step <= resume.step);
  let savedAtMs = now();
  let saved = resume?.step ?? 0;
  const save = async (checkpoint: FitCheckpoint): Promise<void> => {
    await writeJson(store, key('curve.json'), curve);
    await store.put(key('checkpoint.bin'), encodeCheckpoint(checkpoint));
    savedAtMs = now();
    saved = checkpoint.step;
  };
  const { counters, ...input } = await fitInput(store, spec);
  const lastStep = counters === undefined ? steps : steps - 1;
  const unfinished = (step: number) => ({ done: false, step: Math.min(step, lastStep), steps });
  try {
    const fitted = await fitKernelPredictor({
      ...input,
      ...(resume && { resume }),
      async onProgress({ step, loss, checkpoint }) {
        curve.push({ step, loss });
        const isAtCounters = step === steps && counters !== undefined;
        const timeIsUp = now() >= deadlineMs && (isAtCounters || step < steps);
        if (timeIsUp || isAtCounters || now() - savedAtMs >= checkpointS * 1000) await save(checkpoint);
        await onProgress?.({ ...unfinished(step), loss });
        if (timeIsUp) throw new TimeIsUp();
      },
    });
    const between = async (): Promise<void> => {
      await onProgress?.({ ...unfinished(steps), loss: curve.at(-1)!.loss });
      if (now() >= deadlineMs && resume?.step !== steps) throw new TimeIsUp();
    };
    const bundle =
      counters === undefined
        ? fitted
        : await addCounterMap(fitted, (predictor) => measuredCounters(predictor, input.data, counters, between));
    await writeJson(store, key('curve.json'), curve);
    await store.put(key('predictor.onnx'), bundle.onnx);
    await store.put(key('predictor.json'), bundle.json);
    return { done: true, step: steps, steps };
  } catch (error) {
    if (!(error instanceof TimeIsUp)) throw error;
    return unfinished(saved);
  }
}

async function fitInput(store: Store, spec: FitSpec) {
  const { seed, steps, stepsPerReport, lowerings } = spec;
  const manifest = await readManifest(store, spec.snapshotId);
  const pool = trainingPool(manifest, await readMeasurements(store, manifest));
  const graphs = measuredGraphs(await readGraphPool(store, manifest), lowerings, spec);
  const data = episodeData(pool, lowerings, spec, graphs);
  const options = { data, seed, steps, stepsPerReport } satisfies FitOptions;
  return { ...options, counters: await countedByFit(store, manifest, data) };
}

/** A checkpoint that cannot be read is as good as none. */
async function lastCheckpoint(store: Store, key: string): Promise<FitCheckpoint | undefined> {
  const object = await store.get(key);
  if (!object) return undefined;
  try {
    return decodeCheckpoint(object.body);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
