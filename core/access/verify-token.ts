// Says who holds a token, or refuses it. A record that was read is trusted for a while, which bounds how long a revoked
// token still works. An unknown id and a wrong secret get the same answer in about the same time.
import { timingSafeEqual } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { tokenKey } from './keys.ts';
import { type Caller, parseToken, secretSha256, type TokenRecord, tokenRecordSchema } from './token.ts';

export interface TokenVerifierOptions {
  readonly store: Store;
  /** ms since the epoch: whether a token has expired. */
  readonly now: () => number;
  /** ms since any moment, never going back whatever the machine's clock does: how old a record in memory is. */
  readonly elapsedMs: () => number;
  /** How long a record is used without reading it again. Default 60 s. */
  readonly cacheS?: number;
}

export type VerifyToken = (token: string) => Promise<Caller>;

const cachedRecords = 1000;

/** The verifier @throws DomainError `unauthorized` for anything but a current token. */
export function tokenVerifier({ store, now, elapsedMs, cacheS = 60 }: TokenVerifierOptions): VerifyToken {
  const cache = new Map<string, { readonly record: TokenRecord; readonly readAtMs: number }>();

  async function recordOf(tokenId: string): Promise<TokenRecord | undefined> {
    const cached = cache.get(tokenId);
    if (cached && elapsedMs() - cached.readAtMs < cacheS * 1000) return cached.record;
    cache.delete(tokenId);
    // From before the read: what is revoked meanwhile is not trusted for longer.
    const readAtMs = elapsedMs();
    const record = (await readJson(store, tokenKey(tokenId), tokenRecordSchema))?.value;
    if (record) {
      if (cache.size >= cachedRecords) cache.delete(cache.keys().next().value!);
      cache.set(tokenId, { record, readAtMs });
    }
    return record;
  }

  return async (token) => {
    const parts = parseToken(token);
    if (!parts) {
      throw new DomainError('unauthorized', 'the bearer token is not of the form sb_<token id>_<secret>');
    }
    const record = await recordOf(parts.tokenId);
    const given = Buffer.from(secretSha256(parts.secret), 'hex');
    const kept = record ? Buffer.from(record.sha256, 'hex') : Buffer.alloc(given.length);
    if (!timingSafeEqual(given, kept) || !record)
      throw new DomainError('unauthorized', 'the bearer token is not valid');
    if (record.revokedAt !== undefined) {
      throw new DomainError('unauthorized', `the bearer token was revoked at ${record.revokedAt}`);
    }
    if (now() >= Date.parse(record.expiresAt)) {
      throw new DomainError('unauthorized', `the bearer token expired at ${record.expiresAt}`);
    }
    const { tokenId, role, deviceId } = record;
    return { tokenId, role, ...(deviceId !== undefined && { deviceId }) };
  };
}
