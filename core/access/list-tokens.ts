// Use case: the tokens there are, of one role or of all, a page at a time, in the order of their ids; ended ones too.
import { inOrder } from '#core/store/in-order.ts';
import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { tokensPrefix } from './keys.ts';
import { type Role, tokenRecordSchema } from './token.ts';
import { type TokenView, tokenView } from './token-view.ts';

export interface ListTokensRequest {
  /** Tokens a page, at most; 1 to 200. */
  readonly limit: number;
  /** Only those of this role. */
  readonly role?: Role | undefined;
  readonly cursor?: string | undefined;
}

export interface TokenPage {
  /** May be fewer than asked for, even none, where there are more pages. */
  readonly tokens: readonly TokenView[];
  /** For the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** Records that are looked through for one page: where few are of the role, a page ends here. */
const mostLookedThrough = 500;
const readsAtOnce = 16;

/** @throws DomainError `invalid-request` for a cursor that is not of this list */
export async function listTokens(store: Store, { limit, role, cursor }: ListTokensRequest): Promise<TokenPage> {
  const after = cursor === undefined ? undefined : decodeCursor(tokensPrefix, cursor);
  const keys: string[] = [];
  for await (const key of store.list(tokensPrefix, after)) {
    keys.push(key);
    if (keys.length > mostLookedThrough) break;
  }
  const tokens: TokenView[] = [];
  let last: string | undefined;
  const read = async (key: string) => ({ key, record: (await readJson(store, key, tokenRecordSchema))?.value });
  for await (const { key, record } of inOrder(keys.slice(0, mostLookedThrough), readsAtOnce, read)) {
    last = key;
    if (record && (role === undefined || record.role === role)) tokens.push(await tokenView(store, record));
    if (tokens.length === limit) break;
  }
  const ends = last === undefined || last === keys.at(-1);
  return { tokens, nextCursor: ends ? null : encodeCursor(tokensPrefix, last!) };
}
