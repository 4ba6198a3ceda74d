// The OpenAPI document, generated from the routes and the same zod schemas that parse requests. docs/openapi.json is a
// copy of it (scripts/write-openapi.ts).
import { createDocument, type ZodOpenApiObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { type Example, examples } from './examples.ts';
import { openApiOperation } from './openapi-operation.ts';
import { operations } from './operations.ts';
import { problemSchema } from './problem.ts';
import { routeIds, routes } from './routes.ts';

/** The whole document, with examples that the embedded stack answered. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  const document = createDocument(description());
  for (const example of examples) addExample(document, example);
  return document;
}

/** The first one of an operation shows its request, the first of each status its reply; further ones that succeed stand
 * beside them. */
function addExample(
  document: ReturnType<typeof createDocument>,
  { operation: id, request, status, reply }: Example,
): void {
  const { method, path } = routes[id];
  const operation = document.paths![path]![method.toLowerCase() as Lowercase<typeof method>] as OpenApiOperation;
  const values: Record<string, unknown> = {
    ...request.path,
    ...request.query,
    'Idempotency-Key': request.idempotencyKey,
  };
  for (const parameter of operation.parameters ?? []) {
    const value = values[parameter.name];
    if (value !== undefined) parameter.example ??= value;
  }
  const body = operation.requestBody?.content['application/json'];
  if (body && request.body && (status < 400 || !isShown(body))) show(body, request.body);
  for (const content of Object.values(operation.responses[status]!.content))
    if (reply !== undefined && (status < 400 || !isShown(content))) show(content, reply);
}

const isShown = ({ example, examples: several }: Exemplified): boolean =>
  example !== undefined || several !== undefined;

/** One stands alone; of several each has a number. */
function show(content: Exemplified, value: unknown): void {
  if (!isShown(content)) content.example = value;
  else {
    content.examples ??= { 1: { value: content.example } };
    delete content.example;
    content.examples[Object.keys(content.examples).length + 1] = { value };
  }
}

interface Exemplified {
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

/** As far as examples go. */
interface OpenApiOperation {
  readonly parameters?: { readonly name: string; example?: unknown }[];
  readonly requestBody?: { readonly content: Record<string, Exemplified> };
  readonly responses: Record<string, { readonly content: Record<string, Exemplified> }>;
}

/** In the order of the table, the methods of one path together. */
function paths(): ZodOpenApiPathsObject {
  const all: Record<string, ZodOpenApiPathsObject[string]> = {};
  for (const id of routeIds) {
    const { method, path } = routes[id];
    all[path] = { ...all[path], [method.toLowerCase()]: openApiOperation(id, operations[id]) };
  }
  return all;
}

const description = (): ZodOpenApiObject => ({
  openapi: '3.1.0',
  info: {
    title: 'Sugarbush',
    version: '1',
    summary: 'Predicts how long a neural network takes on a device you do not have at hand.',
    description:
      'Latencies are in milliseconds. Errors are problem details (RFC 9457) with a stable `code` and `issues`. ' +
      'Replies are compressed for clients that accept gzip. A request body may be compressed with gzip: send it with ' +
      '`content-encoding: gzip` and `content-type: application/octet-stream`, which API Gateway passes on unchanged. ' +
      'A body above 6 MiB, a path that there is not, a request without the header `authorization` where it is needed ' +
      'and too many requests at once are refused by API Gateway itself, ' +
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
  paths: paths(),
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
});
