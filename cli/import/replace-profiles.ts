// What a corrected table takes the place of, once it is accepted.
import type { ImportedColumn } from './import-table.ts';
import type { ReviewClient } from './known-targets.ts';
import { type ReplacedProfile, type Replacement, replacedReason } from './review-table.ts';

/** Withdraws what the table said before and does not say now, and uses again what an import had replaced. Where a
 * column was not accepted, all of it stays. Done again it changes nothing more.
 * @returns what was withdrawn. @throws ApiError */
export async function replaceProfiles(
  client: ReviewClient,
  { replaced, again }: Replacement,
  imported: readonly ImportedColumn[],
  name: string,
): Promise<readonly ReplacedProfile[]> {
  for (const { targetId, sha256 } of again) {
    await client.call('restore', { body: { target: targetId, profile: sha256 } });
  }
  if (imported.some(({ verdict }) => verdict.status !== 'accepted')) return [];
  const reason = `${replacedReason} of table ${name}`.slice(0, 200);
  for (const { targetId, sha256 } of replaced) {
    await client.call('withdraw', { body: { target: targetId, profile: sha256, reason } });
  }
  return replaced;
}
