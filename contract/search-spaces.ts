// The form of GET /v1/search-spaces and GET /v1/search-spaces/{id}.
import * as z from 'zod';
import type { SearchSpaceView } from '#core/serve/show-search-spaces.ts';
import type { OperationsOf } from './operation.ts';
import { searchSpaceNameSchema } from './search-space-name.ts';
import { supportSetQuerySchema, supportSetSchema } from './support-set.ts';

export const searchSpacePathSchema = z.strictObject({ id: searchSpaceNameSchema });

export const searchSpaceSchema = z
  .strictObject({
    searchSpace: z.string().meta({ example: 'nasbench201' }),
    title: z.string().meta({ example: 'NAS-Bench-201' }),
    example: z.string().describe('A valid architecture.'),
    inputSizes: z
      .strictObject({
        usual: z.int().positive().describe("What the space's papers use, and what is meant where none is given."),
        smallest: z.int().positive(),
        largest: z.int().positive(),
        step: z.int().positive().describe('Divides every allowed size.'),
      })
      .nullable()
      .describe('Height and width that the input can have, pixels; null: each architecture states its own.'),
  })
  .meta({ id: 'SearchSpace' }) satisfies z.ZodType<SearchSpaceView>;

export const searchSpaceListSchema = z
  .strictObject({ searchSpaces: z.array(searchSpaceSchema) })
  .meta({ id: 'SearchSpaceList' });

export const searchSpaceOperations = {
  listSearchSpaces: { summary: 'List the search spaces', tag: 'catalogue', reply: searchSpaceListSchema, refusals: [] },
  showSearchSpace: {
    summary: 'Show one search space',
    tag: 'catalogue',
    path: searchSpacePathSchema,
    reply: searchSpaceSchema,
    refusals: ['unknown-search-space'],
  },
  supportSet: {
    summary: 'Say which networks to measure next, and the error to expect after that',
    tag: 'field',
    path: searchSpacePathSchema,
    query: supportSetQuerySchema,
    reply: supportSetSchema,
    refusals: ['unknown-search-space', 'unknown-target', 'not-found', 'quota-exceeded'],
  },
} as const satisfies OperationsOf<'search-spaces'>;
