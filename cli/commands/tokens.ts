// `sugarbush tokens`: the tokens that a service knows, with their last use.
import * as z from 'zod';
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { apiOptions } from '../api-options.ts';

export const tokensCommand = defineCommand({
  options: {
    ...apiOptions,
    role: {
      value: 'ROLE',
      help: 'only tokens of operator, reader or device; default: all',
      schema: z.enum(['operator', 'reader', 'device']).optional(),
    },
    json: jsonFlag,
  },
  notes:
    'A line a token: id, role, last day (UTC) of its use, whether it is good, ended or revoked, and its device. The\n' +
    'tokens themselves are kept nowhere. `revoke-token` ends one.',
  async run({ api, token, role, json }, { out, signal }) {
    const { apiClient } = await import('#client/client.ts');
    const { tokenOperations } = await import('#contract/tokens.ts');
    const { everyToken, tokenLine } = await import('../tokens/every-token.ts');
    const client = apiClient({ api, operations: tokenOperations, token, signal });
    const tokens = await everyToken(client, role);
    const now = Date.now();
    if (json) out(`${JSON.stringify({ tokens })}\n`);
    else for (const each of tokens) out(`${tokenLine(each, now)}\n`);
    return exitCodes.done;
  },
});
