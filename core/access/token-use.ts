// When a token was last used, to the day (UTC): token-uses/{tokenId}.json. Coarse on purpose: it tells a token that
// nobody uses from one that somebody does, costs one write a day and process, and is no diary of its holder.
import * as z from 'zod';
import type { Store } from '#core/store/store.ts';
import { readJson, writeJson } from '#core/store/stored-json.ts';
import { tokenUseKey } from './keys.ts';

const tokenUseSchema = z.strictObject({ lastUsedOn: z.iso.date() });

/** The day of a token's last use, as `2026-03-01`; null where none is known. */
export async function lastUseOf(store: Store, tokenId: string): Promise<string | null> {
  return (await readJson(store, tokenUseKey(tokenId), tokenUseSchema))?.value.lastUsedOn ?? null;
}

/** Marked tokens that are remembered as such. */
const remembered = 1000;

/** A function that writes the use of a token down, once a day for each. Rejects where that cannot be written: the next
 * use tries again. @param now ms since the epoch */
export function tokenUseMarker(store: Store, now: () => number): (tokenId: string) => Promise<void> {
  const marked = new Map<string, string>();
  return async (tokenId) => {
    const lastUsedOn = new Date(now()).toISOString().slice(0, 10);
    if (marked.get(tokenId) === lastUsedOn) return;
    if (marked.size >= remembered) marked.delete(marked.keys().next().value!);
    marked.set(tokenId, lastUsedOn);
    try {
      await writeJson(store, tokenUseKey(tokenId), { lastUsedOn });
    } catch (error) {
      marked.delete(tokenId);
      throw error;
    }
  };
}
