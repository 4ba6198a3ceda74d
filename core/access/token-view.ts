// A token as operators see it: everything but the hash of its secret.
import * as z from 'zod';
import type { Store } from '#core/store/store.ts';
import { type TokenRecord, tokenRecordSchema } from './token.ts';
import { lastUseOf } from './token-use.ts';

export const tokenViewSchema = tokenRecordSchema.omit({ sha256: true }).extend({
  lastUsedOn: z.iso.date().nullable().describe('Day (UTC) of its last use; null: not known to have been used.'),
});
export type TokenView = z.infer<typeof tokenViewSchema>;

/** The view of a token's record, with its last use from the store. */
export async function tokenView(store: Store, { sha256: _, ...shown }: TokenRecord): Promise<TokenView> {
  return { ...shown, lastUsedOn: await lastUseOf(store, shown.tokenId) };
}
