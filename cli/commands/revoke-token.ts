// `sugarbush revoke-token`: ends a token by its id.
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { tokenIdSchema } from '#core/access/token.ts';
import { apiOptions } from '../api-options.ts';

export const revokeTokenCommand = defineCommand({
  options: {
    ...apiOptions,
    id: { value: 'ID', help: 'of the token to end: 16 hexadecimal digits', schema: tokenIdSchema },
    json: jsonFlag,
  },
  notes: 'It is refused once no function trusts its record from memory any more: after a minute, unless configured.',
  async run({ api, token, id, json }, { out, signal }) {
    const { apiClient } = await import('#client/client.ts');
    const { tokenOperations } = await import('#contract/tokens.ts');
    const { tokenLine } = await import('../tokens/every-token.ts');
    const client = apiClient({ api, operations: tokenOperations, token, signal });
    const { token: revoked } = await client.call('revokeToken', { path: { id } });
    out(json ? `${JSON.stringify({ token: revoked })}\n` : `${tokenLine(revoked, Date.now())}\n`);
    return exitCodes.done;
  },
});
