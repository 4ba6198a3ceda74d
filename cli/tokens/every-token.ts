// Tokens as a person reads them.
import type { Client } from '#client/client.ts';
import type { tokenOperations } from '#contract/tokens.ts';
import type { Role } from '#core/access/token.ts';
import type { TokenView } from '#core/access/token-view.ts';

/** All tokens of a role, or of every role, whatever the pages.
 * @throws ApiError, UnreachableError, DomainError `cancelled` */
export async function everyToken(client: Client<typeof tokenOperations>, role?: Role): Promise<TokenView[]> {
  const tokens: TokenView[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('listTokens', { query: { limit: 200, role, cursor } });
    tokens.push(...page.tokens);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return tokens;
}

/** Id, role, device, last use and state, in columns. @param now ms since the epoch */
export function tokenLine({ tokenId, role, deviceId, ...token }: TokenView, now: number): string {
  const used = token.lastUsedOn === null ? 'never used' : `used ${token.lastUsedOn}`;
  const day = (time: string): string => time.slice(0, 10);
  const state =
    token.revokedAt !== undefined
      ? `revoked ${day(token.revokedAt)}`
      : `${Date.parse(token.expiresAt) <= now ? 'ended' : 'good until'} ${day(token.expiresAt)}`;
  return [tokenId, role.padEnd(8), used.padEnd(15), state, deviceId ?? ''].join('  ').trimEnd();
}
