// Trains several predictors, so many at a time, each in a thread of its own.
import { Worker } from 'node:worker_threads';
import type { PredictorBundle } from '#core/predictor/bundle.ts';
import type { TrainingTarget } from '#core/predictor/episodes.ts';
import type { Architecture, SearchSpaceId } from '#core/search-space/search-space.ts';

export interface TrainingData {
  readonly searchSpace: SearchSpaceId;
  readonly architectures: readonly Architecture[];
  readonly targets: readonly TrainingTarget[];
  readonly seed: number;
  readonly steps: number | undefined;
  readonly stepsPerCall: number;
}

/** What a thread is given. */
export interface TrainingInput extends TrainingData {
  /** Shared; not 0: stop after the present call. */
  readonly stop: Int32Array;
}

export interface Trained {
  readonly bundle: PredictorBundle;
  readonly trainS: number;
}

export type TrainingMessage =
  | { readonly kind: 'progress'; readonly share: number }
  | ({ readonly kind: 'trained' } & Trained);

export interface TrainingOptions {
  readonly threads: number;
  /** Stops the trainings; calls of ONNX Runtime under way are waited for. */
  readonly signal: AbortSignal;
  readonly onBegun: (searchSpace: SearchSpaceId) => void;
  /** @param share of the training that is done, 0 to 1 */
  readonly onProgress: (searchSpace: SearchSpaceId, share: number) => void;
  /** The next training goes on meanwhile. */
  readonly onTrained: (searchSpace: SearchSpaceId, trained: Trained) => Promise<void>;
}

/** Rejects with the first failure; no thread is left then. */
export async function trainAll(jobs: readonly TrainingData[], options: TrainingOptions): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const waiting = [...jobs];
  const after: Promise<void>[] = [];
  const thread = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const { searchSpace } = job;
      options.onBegun(searchSpace);
      const trained = await trainOne(job, signal, (share) => options.onProgress(searchSpace, share));
      after.push(options.onTrained(searchSpace, trained));
    }
  };
  const threads = Array.from({ length: Math.min(options.threads, jobs.length) }, thread);
  try {
    await Promise.all(threads);
    await Promise.all(after);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled([...threads, ...after]);
    throw error;
  }
}

async function trainOne(job: TrainingData, signal: AbortSignal, onProgress: (share: number) => void): Promise<Trained> {
  signal.throwIfAborted();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const input: TrainingInput = { ...job, stop };
  const worker = new Worker(new URL('./training-worker.ts', import.meta.url), { workerData: input });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const askToStop = (): void => void Atomics.store(stop, 0, 1);
  signal.addEventListener('abort', askToStop, { once: true });
  const { promise, resolve, reject } = Promise.withResolvers<Trained>();
  worker.on('message', (message: TrainingMessage) => {
    if (message.kind === 'progress') onProgress(message.share);
    else resolve(message);
  });
  worker.on('error', (error) => reject(signal.aborted ? signal.reason : error));
  worker.on('exit', (code) => reject(new Error(`training of ${job.searchSpace} ended early (${code})`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', askToStop);
    await ended;
  }
}
