// Says who holds a token, or refuses it. A record that was read is trusted for a while, which bounds how long a revoked
// token still works. An unknown id and a wrong secret get the same answer for the same work, whatever is in memory: one
// read of the store, one record parsed, one hash compared.
import { timingSafeEqual } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { parseJson } from '#core/store/stored-json.ts';
import { tokenKey } from './keys.ts';
import {
  type Caller,
  parseToken,
  secretSha256,
  type TokenParts,
  type TokenRecord,
  tokenRecordSchema,
} from './token.ts';

export interface TokenVerifierOptions {
  readonly store: Store;
  /** ms since the epoch: whether a token has expired. */
  readonly now: () => number;
  /** ms since any moment, never going back whatever the machine's clock does: how old a record in memory is. */
  readonly elapsedMs: () => number;
  /** How long a record is used without reading it again. Default 60 s. */
  readonly cacheS?: number;
  /** Told of every token that is let through. */
  readonly onUse?: (tokenId: string) => void;
}

export type VerifyToken = (token: string) => Promise<Caller>;

const cachedRecords = 1000;

/** What is parsed where there is no record: no secret has this hash. */
const epoch = '1970-01-01T00:00:00.000Z';
const nobody = { tokenId: '', sha256: '0'.repeat(64), role: 'reader', createdAt: epoch, expiresAt: epoch };
const nobodyBody = new TextEncoder().encode(JSON.stringify(nobody));

/** The verifier @throws DomainError `unauthorized` for anything but a current token. */
export function tokenVerifier(options: TokenVerifierOptions): VerifyToken {
  const { store, now, elapsedMs, cacheS = 60, onUse = () => {} } = options;
  const cache = new Map<string, { readonly record: TokenRecord; readonly readAtMs: number }>();

  function cachedRecord(tokenId: string): TokenRecord | undefined {
    const cached = cache.get(tokenId);
    if (cached && elapsedMs() - cached.readAtMs < cacheS * 1000) return cached.record;
    cache.delete(tokenId);
    return undefined;
  }

  function keep(record: TokenRecord, readAtMs: number): void {
    if (cache.size >= cachedRecords) cache.delete(cache.keys().next().value!);
    cache.set(record.tokenId, { record, readAtMs });
  }

  /** The record, where it is this secret's. Memory answers for a right secret only. */
  async function recordFor({ tokenId, secret }: TokenParts): Promise<TokenRecord | undefined> {
    const given = Buffer.from(secretSha256(secret), 'hex');
    const isOf = (record: TokenRecord): boolean => timingSafeEqual(given, Buffer.from(record.sha256, 'hex'));
    const cached = cachedRecord(tokenId);
    if (cached && isOf(cached)) return cached;
    const key = tokenKey(tokenId);
    // From before the read: what is revoked meanwhile is not trusted for longer.
    const readAtMs = elapsedMs();
    const object = await store.get(key);
    const record = parseJson(key, object?.body ?? nobodyBody, tokenRecordSchema);
    if (!isOf(record)) return undefined;
    keep(record, readAtMs);
    return record;
  }

  return async (token) => {
    const parts = parseToken(token);
    if (!parts) {
      throw new DomainError('unauthorized', 'the bearer token is not of the form sb_<token id>_<secret>');
    }
    const record = await recordFor(parts);
    if (!record) throw new DomainError('unauthorized', 'the bearer token is not valid');
    if (record.revokedAt !== undefined) {
      throw new DomainError('unauthorized', `the bearer token was revoked at ${record.revokedAt}`);
    }
    if (now() >= Date.parse(record.expiresAt)) {
      throw new DomainError('unauthorized', `the bearer token expired at ${record.expiresAt}`);
    }
    const { tokenId, role, deviceId } = record;
    onUse(tokenId);
    return { tokenId, role, ...(deviceId !== undefined && { deviceId }) };
  };
}
