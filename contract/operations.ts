// Every operation under the id of its route. Whoever needs those of one function takes them from beside their schemas
// and loads no others.
import { deviceOperations } from './devices.ts';
import { healthOperations } from './health.ts';
import { modelOperations } from './models.ts';
import { openApiOperations } from './openapi.ts';
import type { OperationsOf } from './operation.ts';
import { predictOperations } from './predictions.ts';
import { predictorOperations } from './predictors.ts';
import type { ApiFunctionName } from './routes.ts';
import { searchSpaceOperations } from './search-spaces.ts';
import { targetOperations } from './targets.ts';
import { tokenOperations } from './tokens.ts';
import { trainingRunOperations } from './training-runs.ts';
import { uploadOperations } from './uploads.ts';
import { withdrawalOperations } from './withdrawals.ts';

export const operations = {
  ...predictOperations,
  ...modelOperations,
  ...searchSpaceOperations,
  ...targetOperations,
  ...deviceOperations,
  ...tokenOperations,
  ...uploadOperations,
  ...withdrawalOperations,
  ...trainingRunOperations,
  ...predictorOperations,
  ...healthOperations,
  ...openApiOperations,
} as const satisfies OperationsOf<ApiFunctionName>;
