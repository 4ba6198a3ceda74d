// A thread that trains one predictor: fit blocks its thread, and the service must not stand still meanwhile.
import { parentPort, workerData } from 'node:worker_threads';
import { DomainError } from '#core/errors.ts';
import { fit } from '#core/predictor/fit.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { TrainingInput, TrainingMessage } from './training-threads.ts';

const { searchSpace: id, architectures, targets, seed, steps, stepsPerCall, stop } = workerData as TrainingInput;
const tell = (message: TrainingMessage): void => parentPort!.postMessage(message);
const started = performance.now();
const bundle = await fit({
  space: searchSpace(id),
  architectures,
  targets,
  seed,
  ...(steps !== undefined && { steps }),
  stepsPerCall,
  onProgress({ step, steps }) {
    // No message arrives while fit runs, and a thread must not be ended from outside while ONNX Runtime works in it.
    if (Atomics.load(stop, 0) !== 0) throw new DomainError('cancelled', `stopped at step ${step} of ${steps}`);
    tell({ kind: 'progress', share: step / steps });
  },
});
tell({ kind: 'trained', bundle, trainS: (performance.now() - started) / 1000 });
