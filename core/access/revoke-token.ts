// Ends a token at once; whoever has its record in memory goes on trusting it for as long as verify-token.ts says.

import type { Store } from '#core/store/store.ts';
import { updateJson } from '#core/store/stored-json.ts';
import { tokenKey } from './keys.ts';
import { tokenRecordSchema } from './token.ts';

/** Safe to repeat; nothing happens to a token that there is not. @param now ms since the epoch */
export async function revokeToken(store: Store, tokenId: string, now: number): Promise<void> {
  await updateJson(store, tokenKey(tokenId), tokenRecordSchema, (current) =>
    current === undefined || current.revokedAt !== undefined
      ? undefined
      : { ...current, revokedAt: new Date(now).toISOString() },
  );
}
