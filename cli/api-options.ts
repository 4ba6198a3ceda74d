// The options by which a command reaches a running service as an operator.
import * as z from 'zod';
import { serviceUrl } from '#command-line/values.ts';

export const apiOptions = {
  api: {
    value: 'URL',
    help: 'address of the service',
    schema: serviceUrl,
  },
  token: {
    value: 'TOKEN',
    help: "an operator's token",
    schema: z.string().regex(/^sb_\S+$/, 'must look like sb_…'),
    env: 'SUGARBUSH_TOKEN',
    secret: true,
  },
} as const;
