// Which version of a search space's predictor is in use. The only mutable object of a predictor; everything it points to
// is immutable.
import { z } from 'zod';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, type StoredJson } from '#core/store/stored-json.ts';
import { aliasesKey } from './keys.ts';

export const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const aliasesSchema = z.strictObject({
  champion: z.string().regex(versionPattern),
  challenger: z.string().regex(versionPattern).optional(),
});
export type Aliases = z.infer<typeof aliasesSchema>;

export function readAliases(store: Store, searchSpace: SearchSpaceId): Promise<StoredJson<Aliases> | undefined> {
  return readJson(store, aliasesKey(searchSpace), aliasesSchema);
}
