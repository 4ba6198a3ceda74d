// The functions behind the HTTP API, as data: what of the data bucket each may touch. Which there are, and which routes
// each answers, says the contract (contract/routes.ts); the compiler sees one that is missing here. Sizes are
// configuration (config.ts). A function that is not started by a route (the authorizer, later bucket
// events and training steps) is built where it is wired, from the same ServiceFunction.
import type { ApiFunctionName } from '#contract/routes.ts';

export interface ApiFunction {
  readonly description: string;
  /** Needs the onnxruntime layer. */
  readonly onnxruntime?: true;
  /** Prefixes of the data bucket the function reads and lists. Empty: it has no access to the bucket. */
  readonly reads: readonly string[];
  /** Prefixes of the data bucket the function writes. */
  readonly writes?: readonly string[];
  /** Prefixes of the data bucket the function deletes from. */
  readonly deletes?: readonly string[];
  /** Counts what each token has had of its time. */
  readonly metersTokens?: true;
  /** Signs places in the uploads bucket. */
  readonly signsUploads?: true;
  /** Starts and stops executions of the training state machine. */
  readonly runsTraining?: true;
}

export const apiFunctions: Readonly<Record<ApiFunctionName, ApiFunction>> = {
  predict: {
    description: 'Predicts latencies of architectures and models on targets',
    onnxruntime: true,
    reads: ['predictors/', 'adaptations/', 'targets/', 'models/', 'token-work/'],
    writes: ['token-work/'],
    metersTokens: true,
  },
  models: {
    description: 'Takes operator graphs in and shows their kernels',
    reads: ['models/', 'token-work/'],
    writes: ['models/', 'token-work/'],
    metersTokens: true,
  },
  'search-spaces': {
    description: 'Describes search spaces and says which networks to measure next',
    onnxruntime: true,
    reads: [
      ...['predictors/', 'adaptations/', 'targets/', 'measurements/', 'graphs/', 'models/', 'withdrawals/'],
      'token-work/',
    ],
    writes: ['token-work/'],
    metersTokens: true,
  },
  targets: {
    description: 'Lists targets and what is known of each',
    reads: ['predictors/', 'adaptations/', 'targets/'],
  },
  devices: {
    description: 'Enrols, lists and revokes devices',
    reads: ['devices/', 'tokens/'],
    writes: ['devices/', 'tokens/'],
  },
  tokens: {
    description: 'Lists and revokes tokens',
    reads: ['tokens/', 'token-uses/'],
    writes: ['tokens/'],
  },
  withdrawals: {
    description: 'Withdraws measurements and restores them',
    onnxruntime: true,
    reads: [
      ...['targets/', 'measurements/', 'graphs/', 'profiles/', 'adaptations/', 'withdrawals/'],
      ...['devices/', 'uploads/', 'predictors/'],
    ],
    writes: ['withdrawals/', 'targets/', 'adaptations/'],
  },
  uploads: {
    description: 'Registers uploads and says how they stand',
    reads: ['uploads/', 'upload-quota/'],
    writes: ['uploads/', 'upload-quota/'],
    deletes: ['upload-quota/'],
    signsUploads: true,
  },
  'training-runs': {
    description: 'Starts, shows and stops training runs',
    reads: ['training-runs/', 'training-locks/', 'training-parts/', 'fits/', 'predictors/', 'adaptations/'],
    writes: ['training-runs/', 'training-locks/', 'predictors/'],
    runsTraining: true,
  },
  predictors: {
    description: 'Shows predictors; promotes and rolls back',
    onnxruntime: true,
    reads: ['predictors/', 'adaptations/', 'targets/', 'measurements/', 'graphs/', 'withdrawals/'],
    writes: ['predictors/', 'adaptations/'],
  },
  health: {
    description: 'Says whether the service is live and ready to predict',
    reads: ['predictors/'],
  },
  openapi: {
    description: 'Serves the OpenAPI document',
    reads: [],
  },
};
