// What a service knows already of the targets of a table, and of others that the same table named before.
import type { Client } from '#client/client.ts';
import { ApiError } from '#client/errors.ts';
import { targetOperations } from '#contract/targets.ts';
import { withdrawalOperations } from '#contract/withdrawals.ts';
import { everyProfile, type ProfileOfTarget } from '../withdrawals/every-profile.ts';

export const reviewOperations = { ...targetOperations, ...withdrawalOperations };
export type ReviewClient = Client<typeof reviewOperations>;

/** By target id; withdrawn ones too. */
export type KnownTargets = ReadonlyMap<string, readonly ProfileOfTarget[]>;

/** Profiles of the targets that a table names, and of every other target that `deviceId` brought something of. A target
 * that is not known is left out. @throws ApiError */
export async function knownTargets(
  client: ReviewClient,
  named: ReadonlySet<string>,
  deviceId: string,
): Promise<KnownTargets> {
  const known = new Map<string, readonly ProfileOfTarget[]>();
  let cursor: string | undefined;
  do {
    const page = await client.call('listTargets', { query: { limit: 200, cursor } });
    for (const { targetId, devices } of page.targets) {
      if (named.has(targetId) || devices.includes(deviceId)) known.set(targetId, await profilesOf(client, targetId));
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return known;
}

async function profilesOf(client: ReviewClient, targetId: string): Promise<readonly ProfileOfTarget[]> {
  try {
    return await everyProfile(client, targetId);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unknown-target') return [];
    throw error;
  }
}
