// The functions behind the HTTP API, as data: which routes each answers and what of the data bucket it may touch.
// Sizes are configuration (config.ts). A function that is not started by a route (the authorizer, later bucket
// events and training steps) is built where it is wired, from the same ServiceFunction.
import type { FunctionName } from './config.ts';

export type Route = `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;

export interface ApiFunction {
  readonly name: Exclude<FunctionName, 'authorizer' | 'ingest' | `training/${string}`>;
  readonly description: string;
  readonly routes: readonly Route[];
  /** Open to callers without a token. */
  readonly public?: true;
  /** Needs the onnxruntime layer. */
  readonly onnxruntime?: true;
  /** Prefixes of the data bucket the function reads and lists. Empty: it has no access to the bucket. */
  readonly reads: readonly string[];
  /** Prefixes of the data bucket the function writes. */
  readonly writes?: readonly string[];
  /** Prefixes of the data bucket the function deletes from. */
  readonly deletes?: readonly string[];
  /** Signs places in the uploads bucket. */
  readonly signsUploads?: true;
  /** Starts and stops executions of the training state machine. */
  readonly runsTraining?: true;
}

export const apiFunctions: readonly ApiFunction[] = [
  {
    name: 'predict',
    description: 'Predicts latencies of architectures on targets',
    routes: ['POST /v1/predictions'],
    onnxruntime: true,
    reads: ['predictors/', 'adaptations/', 'targets/'],
  },
  {
    name: 'search-spaces',
    description: 'Describes search spaces and says which architectures to measure next',
    routes: ['GET /v1/search-spaces', 'GET /v1/search-spaces/{id}', 'GET /v1/search-spaces/{id}/support-set'],
    onnxruntime: true,
    reads: ['predictors/', 'adaptations/', 'targets/', 'measurements/'],
  },
  {
    name: 'targets',
    description: 'Lists targets and what is known of each',
    routes: ['GET /v1/targets', 'GET /v1/targets/{searchSpace}/{id}'],
    reads: ['predictors/', 'adaptations/', 'targets/'],
  },
  {
    name: 'devices',
    description: 'Enrols, lists and revokes devices',
    routes: ['POST /v1/devices', 'GET /v1/devices', 'DELETE /v1/devices/{id}'],
    reads: ['devices/', 'tokens/'],
    writes: ['devices/', 'tokens/'],
  },
  {
    name: 'uploads',
    description: 'Registers uploads and says how they stand',
    routes: ['POST /v1/uploads', 'GET /v1/uploads/{id}'],
    reads: ['uploads/', 'upload-quota/'],
    writes: ['uploads/', 'upload-quota/'],
    deletes: ['upload-quota/'],
    signsUploads: true,
  },
  {
    name: 'training-runs',
    description: 'Starts, shows and stops training runs',
    routes: [
      'POST /v1/training-runs',
      'GET /v1/training-runs',
      'GET /v1/training-runs/{id}',
      'POST /v1/training-runs/{id}/stop',
    ],
    reads: ['training-runs/', 'training-locks/', 'training-parts/', 'fits/', 'predictors/', 'adaptations/'],
    writes: ['training-runs/', 'training-locks/', 'predictors/'],
    runsTraining: true,
  },
  {
    name: 'predictors',
    description: 'Shows predictors; promotes and rolls back',
    routes: [
      'GET /v1/predictors/{searchSpace}',
      'GET /v1/predictors/{searchSpace}/{version}',
      'GET /v1/predictors/{searchSpace}/{version}/report',
      'PUT /v1/predictors/{searchSpace}/aliases/champion',
    ],
    onnxruntime: true,
    reads: ['predictors/', 'adaptations/', 'targets/', 'measurements/'],
    writes: ['predictors/', 'adaptations/'],
  },
  {
    name: 'health',
    description: 'Says whether the service is live and ready to predict',
    routes: ['GET /v1/health'],
    public: true,
    reads: ['predictors/'],
  },
  {
    name: 'openapi',
    description: 'Serves the OpenAPI document',
    routes: ['GET /openapi.json'],
    public: true,
    reads: [],
  },
];
