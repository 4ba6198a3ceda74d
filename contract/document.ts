// The OpenAPI document, generated from the same zod schemas that parse requests. docs/openapi.json is a copy of it
// (scripts/write-openapi.ts).
import { createDocument, type ZodOpenApiObject } from 'zod-openapi';
import { fieldPaths } from './field-paths.ts';
import { healthSchema } from './health.ts';
import { operation } from './operation.ts';
import { predictReplySchema, predictRequestSchema } from './predictions.ts';
import { problemSchema } from './problem.ts';
import { searchSpaceListSchema, searchSpacePathSchema, searchSpaceSchema } from './search-spaces.ts';
import { listTargetsQuerySchema, targetListSchema, targetPathSchema, targetViewSchema } from './targets.ts';
import { trainingPaths } from './training.ts';

export function openApiDocument(): ReturnType<typeof createDocument> {
  return createDocument(description);
}

const description: ZodOpenApiObject = {
  openapi: '3.1.0',
  info: {
    title: 'Sugarbush',
    version: '1',
    summary: 'Predicts how long a neural network takes on a device you do not have at hand.',
    description:
      'Latencies are in milliseconds. Errors are problem details (RFC 9457) with a stable `code` and `issues`. ' +
      'Replies are compressed for clients that accept gzip. A request body may be compressed with gzip: send it with ' +
      '`content-encoding: gzip` and `content-type: application/octet-stream`, which API Gateway passes on unchanged. ' +
      'A body above 6 MiB, a path that there is not and too many requests at once are refused by API Gateway itself, ' +
      'with the right status and `{"message"}` instead of problem details (the embedded stack answers the first of ' +
      'these with problem details too).',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'predictions', description: 'For search engineers.' },
    { name: 'catalogue', description: 'What there is to predict, and for what.' },
    { name: 'field', description: 'For devices and those who run them.' },
    { name: 'training', description: 'For operators: training runs and predictors.' },
    { name: 'service', description: 'The service itself.' },
  ],
  paths: {
    '/v1/predictions': {
      post: operation({
        id: 'predict',
        summary: 'Predict the latency of architectures on targets',
        description:
          'Latencies come as one array a quantity, in the order of the architectures. `lowMs` and `highMs` bound a ' +
          'central interval of the stated confidence. A malformed architecture refuses the whole request and is named ' +
          'by its index.',
        tag: 'predictions',
        roles: ['reader'],
        body: predictRequestSchema,
        reply: predictReplySchema,
        refusals: [400, 404, 413, 415, 503],
      }),
    },
    '/v1/search-spaces': {
      get: operation({
        id: 'listSearchSpaces',
        summary: 'List the search spaces',
        tag: 'catalogue',
        roles: ['reader', 'device'],
        reply: searchSpaceListSchema,
        refusals: [],
      }),
    },
    '/v1/search-spaces/{id}': {
      get: operation({
        id: 'showSearchSpace',
        summary: 'Show one search space',
        tag: 'catalogue',
        roles: ['reader', 'device'],
        path: searchSpacePathSchema,
        reply: searchSpaceSchema,
        refusals: [404],
      }),
    },
    '/v1/targets': {
      get: operation({
        id: 'listTargets',
        summary: 'List the targets, a page at a time',
        tag: 'catalogue',
        roles: ['reader'],
        query: listTargetsQuerySchema,
        reply: targetListSchema,
        refusals: [400, 404],
      }),
    },
    '/v1/targets/{searchSpace}/{id}': {
      get: operation({
        id: 'showTarget',
        summary: 'Show one target and how far its predictions can be trusted',
        tag: 'catalogue',
        roles: ['reader'],
        path: targetPathSchema,
        reply: targetViewSchema,
        refusals: [404],
      }),
    },
    ...fieldPaths,
    ...trainingPaths,
    '/v1/health': {
      get: operation({
        id: 'health',
        summary: 'Whether the service is live and ready',
        tag: 'service',
        reply: healthSchema,
        refusals: [],
      }),
    },
    '/openapi.json': {
      get: {
        operationId: 'openapi',
        summary: 'This document',
        tags: ['service'],
        security: [],
        responses: { 200: { description: 'The document.', content: { 'application/json': { schema: {} } } } },
      },
    },
  },
  components: {
    schemas: { Problem: problemSchema },
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'sb_{tokenId}_{secret}',
        description: 'A token of a role.',
      },
    },
  },
};
