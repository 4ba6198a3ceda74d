// All profiles of a target, over all pages.
import type { ReplyOf } from '#client/client.ts';
import type { withdrawalOperations } from '#contract/withdrawals.ts';
import { significant } from '#core/text/significant.ts';
import type { WithdrawalClient } from './ordered-targets.ts';

export type ProfileOfTarget = ReplyOf<typeof withdrawalOperations.listProfiles>['profiles'][number];

/** Withdrawn ones too, in the order of their hashes. @throws ApiError `unknown-target` with the nearest names */
export async function everyProfile(client: WithdrawalClient, id: string): Promise<ProfileOfTarget[]> {
  const profiles: ProfileOfTarget[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('listProfiles', { path: { id }, query: { limit: 200, cursor } });
    profiles.push(...page.profiles);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return profiles;
}

/** One profile in one line: hash, when, who, what was run, and whether it counts. */
export function profileLine({ sha256, acceptedAt, deviceName, deviceId, ...rest }: ProfileOfTarget): string {
  const runs = rest.workloads.map(({ searchSpace, inputSize, batchSize, measurements, medianMs }) => {
    const networks = `${measurements} of ${searchSpace}${inputSize === null ? '' : `/${inputSize}`}`;
    return `${networks} at batch size ${batchSize}, median ${significant(medianMs, 4)} ms`;
  });
  const { withdrawn } = rest;
  const reason = withdrawn?.reason ? `: ${withdrawn.reason}` : '';
  const state = withdrawn === null ? 'in use' : `withdrawn ${withdrawn.at} (${withdrawn.scope})${reason}`;
  return [sha256, acceptedAt, deviceName ?? deviceId, runs.join('; '), state].join('\t');
}
