// The operation of GET /openapi.json. The document itself is made in document.ts, from all operations.
import * as z from 'zod';
import type { OperationsOf } from './operation.ts';

export const openApiOperations = {
  openapi: {
    summary: 'This document',
    tag: 'service',
    reply: z.unknown(),
    done: 'The document.',
    refusals: [],
  },
} as const satisfies OperationsOf<'openapi'>;
