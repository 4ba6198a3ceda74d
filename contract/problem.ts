// The form of every error reply.
import * as z from 'zod';

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
