import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { issueToken } from '#core/access/issue-token.ts';
import { listTokens } from '#core/access/list-tokens.ts';
import { revokeTokenById } from '#core/access/revoke-token.ts';
import type { Role } from '#core/access/token.ts';
import { lastUseOf, tokenUseMarker } from '#core/access/token-use.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { mapStore } from '../map-store.ts';

const issue = (store: ReturnType<typeof mapStore>, role: Role) =>
  issueToken(store, { role, validForS: 60, now: 0, randomBytes, ...(role === 'device' && { deviceId: 'pi' }) });

describe('listing tokens', () => {
  it('shows all but the hash, with the day of the last use', async () => {
    const store = mapStore();
    const { record } = await issue(store, 'reader');
    const shown = {
      tokenId: record.tokenId,
      role: 'reader',
      createdAt: '1970-01-01T00:00:00.000Z',
      expiresAt: '1970-01-01T00:01:00.000Z',
    };
    expect(await listTokens(store, { limit: 10 })).toEqual({
      tokens: [{ ...shown, lastUsedOn: null }],
      nextCursor: null,
    });
    await tokenUseMarker(store, () => Date.UTC(2026, 2, 1, 23, 59))(record.tokenId);
    expect((await listTokens(store, { limit: 10 })).tokens).toEqual([{ ...shown, lastUsedOn: '2026-03-01' }]);
  });

  it('goes by role, page by page, over as many records as there are', async () => {
    const store = mapStore();
    const readers: string[] = [];
    for (let i = 0; i < 1100; i++) await issue(store, 'device');
    for (let i = 0; i < 3; i++) readers.push((await issue(store, 'reader')).record.tokenId);
    const found: string[] = [];
    let pages = 0;
    let cursor: string | undefined;
    do {
      const page = await listTokens(store, { limit: 2, role: 'reader', cursor });
      expect(page.tokens.length).toBeLessThanOrEqual(2);
      found.push(...page.tokens.map(({ tokenId }) => tokenId));
      cursor = page.nextCursor ?? undefined;
      pages++;
    } while (cursor !== undefined);
    expect(found).toEqual(readers.toSorted());
    // 500 records are looked through for a page: of 1,103 there are three pages at least.
    expect(pages).toBeGreaterThanOrEqual(3);
    await expect(listTokens(store, { limit: 2, cursor: 'x' })).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('ends with a page that is exactly full', async () => {
    const store = mapStore();
    for (let i = 0; i < 2; i++) await issue(store, 'reader');
    expect(await listTokens(store, { limit: 2 })).toMatchObject({ nextCursor: null });
    expect((await listTokens(mapStore(), { limit: 2 })).tokens).toEqual([]);
  });
});

describe('revoking by id', () => {
  it('ends the token of any role, again without change, and none that there is not', async () => {
    const store = mapStore();
    for (const role of ['operator', 'reader', 'device'] as const) {
      const { token, record } = await issue(store, role);
      const revoked = await revokeTokenById(store, record.tokenId, 1000);
      expect(revoked).toMatchObject({ role, revokedAt: '1970-01-01T00:00:01.000Z', lastUsedOn: null });
      expect(revoked).not.toHaveProperty('sha256');
      expect(await revokeTokenById(store, record.tokenId, 2000)).toEqual(revoked);
      const verify = tokenVerifier({ store, now: () => 0, elapsedMs: () => 0 });
      await expect(verify(token)).rejects.toMatchObject({ message: /revoked at 1970-01-01T00:00:01/ });
    }
    for (const id of ['0123456789abcdef', '../devices/pi', 'A'.repeat(500)]) {
      await expect(revokeTokenById(store, id, 0)).rejects.toMatchObject({ code: 'not-found' });
    }
  });
});

describe('the last use', () => {
  it('is written once a day for each token, and again where that failed', async () => {
    const store = mapStore();
    let now = Date.UTC(2026, 2, 1, 12);
    let down = true;
    const failing = {
      ...store,
      put: (...args: Parameters<typeof store.put>) =>
        down ? Promise.reject(new Error('the store is down')) : store.put(...args),
    };
    const mark = tokenUseMarker(failing, () => now);
    await expect(mark('a')).rejects.toThrow('the store is down');
    down = false;
    for (const id of ['a', 'b', 'a', 'b']) await mark(id);
    expect(store.calls).toEqual(['put token-uses/a.json', 'put token-uses/b.json']);
    expect(await lastUseOf(store, 'a')).toBe('2026-03-01');
    now += 12 * 3_600_000;
    await mark('a');
    expect(await lastUseOf(store, 'a')).toBe('2026-03-02');
    expect(await lastUseOf(store, 'c')).toBeNull();
  });
});
