// `sugarbush profiles`: what a target of a service is known from.
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { text } from '#command-line/values.ts';
import { apiOptions } from '../api-options.ts';

export const profilesCommand = defineCommand({
  options: { ...apiOptions, target: { value: 'ID', help: 'of the target', schema: text }, json: jsonFlag },
  notes:
    'A line a profile: SHA-256, when it was accepted, its device, what was run, and whether it is in use.\n' +
    '`withdraw` takes one back.',
  async run({ api, token, target, json }, { out, signal }) {
    const { apiClient } = await import('#client/client.ts');
    const { withdrawalOperations } = await import('#contract/withdrawals.ts');
    const { everyProfile, profileLine } = await import('../withdrawals/every-profile.ts');
    const client = apiClient({ api, operations: withdrawalOperations, token, signal });
    const profiles = await everyProfile(client, target);
    if (json) out(`${JSON.stringify({ profiles })}\n`);
    else for (const each of profiles) out(`${profileLine(each)}\n`);
    return exitCodes.done;
  },
});
