// The routes for operators: training runs and predictors.
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { operation } from './operation.ts';
import {
  aliasesReplySchema,
  predictorListSchema,
  predictorPathSchema,
  predictorsPathSchema,
  predictorViewSchema,
  setChampionRequestSchema,
} from './predictors.ts';
import {
  listRunsQuerySchema,
  runListSchema,
  runPathSchema,
  runViewSchema,
  startRunRequestSchema,
} from './training-runs.ts';

const report = operation({
  id: 'showReport',
  summary: 'Show the report of a predictor, a page to look at',
  tag: 'training',
  roles: ['reader', 'operator'],
  path: predictorPathSchema,
  reply: predictorViewSchema,
  refusals: [400, 404],
});

export const trainingPaths: ZodOpenApiPathsObject = {
  '/v1/training-runs': {
    post: operation({
      id: 'startTrainingRun',
      summary: 'Start a training run',
      description:
        'One run at a time in a search space: a second one is refused with the id of the first in `issues`, as ' +
        '`runs/{id}`. The same `Idempotency-Key` gives the same run.',
      tag: 'training',
      roles: ['operator'],
      idempotent: true,
      body: startRunRequestSchema,
      status: 201,
      reply: runViewSchema,
      refusals: [400, 404, 409, 413, 415],
    }),
    get: operation({
      id: 'listTrainingRuns',
      summary: 'List the training runs, a page at a time',
      tag: 'training',
      roles: ['operator'],
      query: listRunsQuerySchema,
      reply: runListSchema,
      refusals: [400, 404],
    }),
  },
  '/v1/training-runs/{id}': {
    get: operation({
      id: 'showTrainingRun',
      summary: 'Show one training run, how far each step is and how long the fits still take',
      tag: 'training',
      roles: ['operator'],
      path: runPathSchema,
      reply: runViewSchema,
      refusals: [404],
    }),
  },
  '/v1/training-runs/{id}/stop': {
    post: operation({
      id: 'stopTrainingRun',
      summary: 'Stop a training run',
      description: 'At once, unless its predictor is just being promoted (409). A run that has ended is left as it is.',
      tag: 'training',
      roles: ['operator'],
      path: runPathSchema,
      reply: runViewSchema,
      refusals: [404, 409],
    }),
  },
  '/v1/predictors/{searchSpace}': {
    get: operation({
      id: 'listPredictors',
      summary: 'List the predictors of a search space',
      tag: 'training',
      roles: ['reader', 'operator'],
      path: predictorsPathSchema,
      reply: predictorListSchema,
      refusals: [404],
    }),
  },
  '/v1/predictors/{searchSpace}/{version}': {
    get: operation({
      id: 'showPredictor',
      summary: 'Show the card of a predictor: its data, evaluation, decision and limits',
      tag: 'training',
      roles: ['reader', 'operator'],
      path: predictorPathSchema,
      reply: predictorViewSchema,
      refusals: [400, 404],
    }),
  },
  '/v1/predictors/{searchSpace}/{version}/report': {
    get: {
      ...report,
      responses: {
        ...report.responses,
        200: { description: 'The page.', content: { 'text/html': { schema: { type: 'string' } } } },
      },
    },
  },
  '/v1/predictors/{searchSpace}/aliases/champion': {
    put: operation({
      id: 'setChampion',
      summary: 'Promote a predictor, or roll back to one',
      description:
        'Every target is adapted under it before the alias moves. Predictions follow within the revalidation time.',
      tag: 'training',
      roles: ['operator'],
      path: predictorsPathSchema,
      body: setChampionRequestSchema,
      reply: aliasesReplySchema,
      refusals: [400, 404, 409],
    }),
  },
};
