// The form of every error reply, and the status that each code of a refusal has.
import * as z from 'zod';
import type { ErrorCode } from '#core/errors.ts';

/** Any other code is a fault of the service: 500. */
export const refusalStatuses = {
  'invalid-request': 400,
  'invalid-architecture': 400,
  'invalid-model': 400,
  unauthorized: 401,
  forbidden: 403,
  'unknown-search-space': 404,
  'unknown-target': 404,
  'not-found': 404,
  conflict: 409,
  'precondition-failed': 409,
  'too-many-architectures': 413,
  'body-too-large': 413,
  'unsupported-encoding': 415,
  'too-few-measurements': 422,
  'unbound-dimension': 422,
  'unsupported-model': 422,
  'quota-exceeded': 429,
  'not-ready': 503,
  'storage-full': 507,
} as const satisfies Partial<Record<ErrorCode, number>>;
export type RefusalCode = keyof typeof refusalStatuses;

export const problemSchema = z
  .strictObject({
    type: z.string().describe('URI that names the kind of problem; stable.'),
    title: z.string().describe('The kind of problem in words, the same for every problem of this status.'),
    status: z.int().describe('The HTTP status, again.'),
    code: z.string().describe('Stable code of the problem, for programs.'),
    detail: z.string().optional().describe('What is wrong with this request, and what is allowed. Not from 500 on.'),
    issues: z
      .array(
        z.strictObject({
          path: z.string().describe('Where: a path into body, query or path parameters. Empty: the whole request.'),
          message: z.string(),
        }),
      )
      .optional()
      .describe('Each thing to change. Not from 500 on.'),
    requestId: z.string().describe('For the operator, who finds the request in the logs by it.'),
  })
  .meta({
    id: 'Problem',
  });
export type Problem = z.infer<typeof problemSchema>;
