// `sugarbush withdraw` and `sugarbush restore`: what was measured is set aside for good reason, or used again.
import * as z from 'zod';
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { text } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import { apiOptions } from '../api-options.ts';

const options = {
  ...apiOptions,
  target: { value: 'ID', help: 'everything that is known of this target', schema: text.optional() },
  profile: {
    value: 'SHA256',
    help: 'with --target: only this profile of it, as `profiles` prints it',
    schema: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
      .optional(),
  },
  device: { value: 'ID', help: 'everything that this device announced until now', schema: text.optional() },
  upload: { value: 'ID', help: 'the profile of this upload, processed or not', schema: text.optional() },
  reason: { value: 'TEXT', help: 'why, for whoever looks at it later', schema: text.optional() },
  json: jsonFlag,
};

const effects = {
  withdraw: 'Nothing is deleted: what is withdrawn is kept and counts nowhere.',
  restore: 'What was withdrawn is used again; of several orders about a profile the last one stands.',
} as const;

const ordering = (operation: 'withdraw' | 'restore') =>
  defineCommand({
    options,
    notes:
      `One of --target, --device and --upload. ${effects[operation]}\n` +
      'A line a target that was made anew: measurements in use, withdrawn profiles. Stopped or failed, the same\n' +
      'command finishes it.',
    async run({ api, token, target, profile, device, upload, reason, json }, { out, signal }) {
      const named = [target, device, upload].filter((each) => each !== undefined).length;
      if (named !== 1 || (profile !== undefined && target === undefined)) {
        throw new DomainError('invalid-usage', 'exactly one of --target [--profile], --device and --upload is needed');
      }
      const { apiClient } = await import('#client/client.ts');
      const { withdrawalOperations } = await import('#contract/withdrawals.ts');
      const { orderedTargets } = await import('../withdrawals/ordered-targets.ts');
      const client = apiClient({ api, operations: withdrawalOperations, token, signal });
      const selection = { target, profile, device, upload, reason };
      const targets = await orderedTargets(client, operation, selection);
      if (json) out(`${JSON.stringify({ targets })}\n`);
      for (const { targetId, measurements, profiles, withdrawnProfiles } of json ? [] : targets) {
        out(
          `${targetId}\t${measurements} measurements in use\t${withdrawnProfiles} of ${profiles} profiles withdrawn\n`,
        );
      }
      return exitCodes.done;
    },
  });

export const withdrawCommand = ordering('withdraw');
export const restoreCommand = ordering('restore');
