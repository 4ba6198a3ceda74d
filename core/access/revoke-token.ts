// Ends a token at once; whoever has its record in memory goes on trusting it for as long as verify-token.ts says.

import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { updateJson } from '#core/store/stored-json.ts';
import { tokenKey } from './keys.ts';
import { type TokenRecord, tokenIdSchema, tokenRecordSchema } from './token.ts';
import { type TokenView, tokenView } from './token-view.ts';

/** Safe to repeat; nothing happens to a token that there is not. @param now ms since the epoch
 * @returns the record as it is now; undefined where there is none */
export async function revokeToken(store: Store, tokenId: string, now: number): Promise<TokenRecord | undefined> {
  return updateJson(store, tokenKey(tokenId), tokenRecordSchema, (current) =>
    current === undefined || current.revokedAt !== undefined
      ? undefined
      : { ...current, revokedAt: new Date(now).toISOString() },
  );
}

/** Use case: an operator ends a token, of whatever role, by its id.
 * @throws DomainError `not-found` */
export async function revokeTokenById(store: Store, tokenId: string, now: number): Promise<TokenView> {
  const record = tokenIdSchema.safeParse(tokenId).success ? await revokeToken(store, tokenId, now) : undefined;
  if (record === undefined) throw new DomainError('not-found', `token '${tokenId.slice(0, 64)}' not found`);
  return tokenView(store, record);
}
