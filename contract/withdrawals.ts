// The form of /v1/withdrawals, /v1/restorations and GET /v1/targets/{id}/profiles.
import * as z from 'zod';
import type { WithdrawalReply } from '#core/intake/order-withdrawal.ts';
import { workloadSchema } from '#core/search-space/workload.ts';
import type { ProfilePage } from '#core/targets/list-profiles.ts';
import { withdrawalActions, withdrawalScopes } from '#core/targets/withdrawal-orders.ts';
import { text } from '#core/text/line-text.ts';
import type { OperationsOf } from './operation.ts';
import { pageQuery } from './page-query.ts';
import { targetPathSchema } from './targets.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

export const withdrawalRequestSchema = z
  .strictObject({
    target: z.string().max(256).optional().describe('A target: everything that is known of it, or with `profile` one.'),
    profile: hash.optional().describe('SHA-256 of a profile of the target, as its list of profiles has it.'),
    device: z.string().max(256).optional().describe('A device: everything that it announced until now.'),
    upload: z.string().max(256).optional().describe('An upload, processed or not.'),
    reason: text(200).nullable().default(null).describe('Why, for whoever looks at it later.'),
    cursor: z.string().max(2048).optional().describe('nextCursor of the reply before, with the same selection.'),
  })
  .superRefine(({ target, profile, device, upload }, check) => {
    const named = [target, device, upload].filter((each) => each !== undefined).length;
    if (named !== 1)
      check.addIssue({ code: 'custom', message: `${named} named; allowed: one of target, device, upload` });
    else if (profile !== undefined && target === undefined) {
      check.addIssue({ code: 'custom', path: ['profile'], message: 'needs target beside it' });
    }
  })
  .meta({ id: 'WithdrawalRequest' });

/** What is asked for, parsed: exactly one of target, device and upload is there. */
export type WithdrawalRequestBody = z.output<typeof withdrawalRequestSchema>;

export const withdrawalReplySchema = z
  .strictObject({
    at: z.iso.datetime().describe('What was announced later is not touched.'),
    action: z.enum(withdrawalActions),
    scope: z.enum(withdrawalScopes),
    id: z.string().describe('Id of the target or device; SHA-256 of the profile.'),
    targets: z
      .array(
        z.strictObject({
          targetId: z.string(),
          measurements: z.int().nonnegative().describe('Networks whose latency is in use now.'),
          profiles: z.int().positive().describe('Accepted profiles, withdrawn ones too.'),
          withdrawnProfiles: z.int().nonnegative(),
        }),
      )
      .describe('Targets whose record and adaptations were made anew by this request.'),
    nextCursor: z
      .string()
      .nullable()
      .describe('Not null: time ran out before all targets were made anew; send the same with it as cursor.'),
  })
  .meta({ id: 'Withdrawal' }) satisfies z.ZodType<WithdrawalReply>;

export const listProfilesQuerySchema = z.strictObject({
  ...pageQuery('Profiles a page.'),
});

export const profileListSchema = z
  .strictObject({
    targetId: z.string(),
    profiles: z.array(
      z.strictObject({
        sha256: hash.describe('Of the uploaded bytes.'),
        deviceId: z.string(),
        deviceName: z.string().nullable().describe('As the operator calls the device. null: it has no record.'),
        acceptedAt: z.iso.datetime(),
        agentVersion: z.string(),
        workloads: z
          .array(
            z.strictObject({
              ...workloadSchema.shape,
              measurements: z.int().positive(),
              medianMs: z.number().positive().describe('Median of the latencies of this profile.'),
            }),
          )
          .describe('What was run.'),
        withdrawn: z
          .strictObject({ at: z.iso.datetime(), scope: z.enum(withdrawalScopes), reason: z.string().nullable() })
          .nullable()
          .describe('The order that withdrew it. null: it is in use.'),
      }),
    ),
    nextCursor: z.string().nullable().describe('Opaque; for the next page. null on the last one.'),
  })
  .meta({ id: 'ProfileList' }) satisfies z.ZodType<ProfilePage>;

const order = {
  tag: 'field',
  idempotent: true,
  body: withdrawalRequestSchema,
  status: 201,
  reply: withdrawalReplySchema,
  refusals: ['unknown-target', 'not-found', 'conflict', 'storage-full'],
} as const;

export const withdrawalOperations = {
  listProfiles: {
    summary: 'List the profiles that a target is known from, withdrawn ones too',
    tag: 'field',
    path: targetPathSchema,
    query: listProfilesQuerySchema,
    reply: profileListSchema,
    refusals: ['unknown-target'],
  },
  withdraw: {
    summary: 'Withdraw a target, a profile of it, an upload, or what a device announced until now',
    description:
      'It is kept for the record and counts nowhere: not in adaptations, predictions, training or support sets. What ' +
      'was made of it is made anew before the answer. A request that failed is finished by sending it again.',
    ...order,
  },
  restore: {
    summary: 'Use again what was withdrawn',
    description: 'Of several orders about a profile the last one stands.',
    ...order,
  },
} as const satisfies OperationsOf<'withdrawals'>;
