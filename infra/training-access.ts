// What each task of training may do in the data bucket, as data: test/unit/core/training/access.test.ts runs the tasks
// and finds what is missing and what is too much.
import type { TrainingTask } from './constructs/training-machine.ts';

export interface TrainingAccess {
  /** Needs the onnxruntime layer. */
  readonly onnxruntime?: true;
  /** Prefixes that the task reads and lists. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly deletes?: readonly string[];
}

const run = ['training-runs/', 'training-parts/'];
const dataset = ['targets/', 'measurements/', 'withdrawals/'];

export const trainingAccess: Readonly<Record<TrainingTask, TrainingAccess>> = {
  // It takes the lock, and with it ends a run that was lost: what that leaves, and its challenger.
  freeze: {
    reads: [...run, ...dataset, 'profiles/', 'training-locks/', 'snapshots/', 'predictors/', 'fits/'],
    writes: ['training-runs/', 'training-locks/', 'snapshots/', 'predictors/'],
  },
  plan: {
    onnxruntime: true,
    reads: ['training-runs/', 'snapshots/', 'fits/', 'predictors/'],
    writes: [...run, 'fits/'],
  },
  fit: { onnxruntime: true, reads: ['training-runs/', 'snapshots/', 'graphs/', 'fits/'], writes: [...run, 'fits/'] },
  evaluate: {
    onnxruntime: true,
    reads: ['training-runs/', 'snapshots/', 'fits/', 'predictors/'],
    writes: run,
  },
  decide: {
    onnxruntime: true,
    reads: [...run, 'snapshots/', 'fits/', 'predictors/'],
    writes: run,
  },
  report: { reads: run, writes: run },
  publish: { reads: [...run, 'fits/', 'predictors/', 'targets/'], writes: [...run, 'predictors/'] },
  adapt: {
    onnxruntime: true,
    reads: ['training-runs/', ...dataset, 'graphs/', 'predictors/', 'adaptations/'],
    writes: ['training-runs/', 'adaptations/'],
  },
  conclude: {
    onnxruntime: true,
    reads: ['training-runs/', ...dataset, 'graphs/', 'predictors/', 'adaptations/'],
    writes: ['training-runs/', 'adaptations/', 'predictors/', 'snapshots/'],
    deletes: ['adaptations/'],
  },
  'record-failure': {
    reads: [...run, 'fits/', 'predictors/'],
    writes: ['training-runs/', 'predictors/'],
  },
};
