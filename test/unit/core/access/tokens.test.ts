import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { issueToken } from '#core/access/issue-token.ts';
import { revokeToken } from '#core/access/revoke-token.ts';
import { parseToken } from '#core/access/token.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import type { Store } from '#core/store/store.ts';
import { mapStore } from '../map-store.ts';

const randomBytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const day = 86_400;

async function issued(options: { validForS?: number; deviceId?: string } = {}) {
  const store = mapStore();
  let clock = Date.parse('2026-03-01T00:00:00Z');
  const { token, record } = await issueToken(store, {
    role: options.deviceId === undefined ? 'reader' : 'device',
    validForS: options.validForS ?? day,
    now: clock,
    randomBytes,
    ...(options.deviceId !== undefined && { deviceId: options.deviceId }),
  });
  let elapsed = 0;
  const verify = tokenVerifier({ store, now: () => clock, elapsedMs: () => elapsed, cacheS: 60 });
  /** The machine's clock is set; no time passes. */
  const step = (seconds: number): number => (clock += seconds * 1000);
  const pass = (seconds: number): void => {
    step(seconds);
    elapsed += seconds * 1000;
  };
  return { store, token, record, verify, step, pass };
}

describe('issue', () => {
  test('gives a token of the stated form and stores only the hash of its secret', async () => {
    const { token, store, record } = await issued();
    expect(token).toBe('sb_0001020304050607_CAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJic');
    const secret = token.split('_')[2]!;
    const stored = new TextDecoder().decode(store.objects.get('tokens/0001020304050607.json'));
    expect(stored).not.toContain(secret);
    expect(JSON.parse(stored)).toEqual({
      tokenId: '0001020304050607',
      sha256: createHash('sha256').update(secret).digest('hex'),
      role: 'reader',
      createdAt: '2026-03-01T00:00:00.000Z',
      expiresAt: '2026-03-02T00:00:00.000Z',
    });
    expect(record).toEqual(JSON.parse(stored));
  });

  test('never replaces a token that is there', async () => {
    const { store } = await issued();
    await expect(issueToken(store, { role: 'reader', validForS: 1, now: 0, randomBytes })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });
});

describe('verify', () => {
  test('says who holds the token', async () => {
    const { token, verify } = await issued({ deviceId: 'd1' });
    expect(await verify(token)).toEqual({ tokenId: '0001020304050607', role: 'device', deviceId: 'd1' });
  });

  test('a wrong secret and an unknown id get the same answer', async () => {
    const { token, verify } = await issued();
    const wrongSecret = token.replace(/.$/, token.endsWith('A') ? 'B' : 'A');
    const unknownId = token.replace('sb_0001', 'sb_ffff');
    for (const wrong of [wrongSecret, unknownId]) {
      await expect(verify(wrong)).rejects.toMatchObject({
        code: 'unauthorized',
        message: 'the bearer token is not valid',
      });
    }
  });

  test('an unknown id costs what a wrong secret costs, whether the record is in memory or not', async () => {
    const { token, verify, store } = await issued();
    const wrongSecret = token.replace(/.$/, token.endsWith('A') ? 'B' : 'A');
    const unknownId = token.replace('sb_0001', 'sb_ffff');
    const costOf = async (wrong: string): Promise<string[]> => {
      store.calls.length = 0;
      await expect(verify(wrong)).rejects.toMatchObject({ code: 'unauthorized' });
      return store.calls.map((call) => call.replace(/[0-9a-f]{16}/, 'ID'));
    };
    const once = ['get tokens/ID.json'];
    expect([await costOf(unknownId), await costOf(wrongSecret)]).toEqual([once, once]);
    await verify(token);
    expect([await costOf(unknownId), await costOf(wrongSecret)]).toEqual([once, once]);
    expect([await costOf(unknownId), await costOf(wrongSecret)]).toEqual([once, once]);
  });

  test('tells of each use that is let through, and of no other', async () => {
    const { token, store } = await issued({ validForS: 100 });
    let clock = Date.parse('2026-03-01T00:00:00Z');
    const used: string[] = [];
    const verify = tokenVerifier({ store, now: () => clock, elapsedMs: () => clock, onUse: (id) => used.push(id) });
    await verify(token);
    await expect(verify(token.replace(/.$/, token.endsWith('A') ? 'B' : 'A'))).rejects.toThrow();
    clock += 100_000;
    await expect(verify(token)).rejects.toThrow();
    expect(used).toEqual(['0001020304050607']);
  });

  test('refuses from the second of expiry on', async () => {
    const { token, verify, pass } = await issued({ validForS: 100 });
    pass(99.999);
    await verify(token);
    pass(0.001);
    await expect(verify(token)).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'the bearer token expired at 2026-03-01T00:01:40.000Z',
    });
  });

  test('reads a record once while it is fresh, and sees a revocation after that', async () => {
    const { token, verify, pass, store, record } = await issued();
    store.calls.length = 0;
    await verify(token);
    await verify(token);
    expect(store.calls).toEqual(['get tokens/0001020304050607.json']);
    const revoked = { ...record, revokedAt: '2026-03-01T00:00:01.000Z' };
    store.objects.set('tokens/0001020304050607.json', new TextEncoder().encode(JSON.stringify(revoked)));
    pass(59);
    await verify(token);
    pass(1);
    await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized', message: /was revoked at 2026-03-01/ });
  });

  test.each([-day, -3600, 3600])('a clock that is set by %i s lets no revoked token live longer', async (stepS) => {
    const { token, verify, pass, step, store, record } = await issued({ validForS: 30 * day });
    await verify(token);
    await revokeToken(store, record.tokenId, Date.parse(record.createdAt) + 1000);
    pass(30);
    step(stepS);
    await verify(token);
    pass(30);
    for (let calls = 0; calls < 3; calls++) {
      await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized', message: /was revoked at 2026-03-01/ });
      pass(1);
    }
    step(-stepS);
    await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized', message: /was revoked at/ });
  });

  test('a record that was read slowly is as old as the beginning of its read', async () => {
    const { token, store, record } = await issued();
    let elapsed = 0;
    const slow: Store = {
      ...store,
      get: (async (key: string) => {
        const object = await store.get(key);
        elapsed += 59_000;
        return object;
      }) as Store['get'],
    };
    const verify = tokenVerifier({ store: slow, now: () => Date.parse(record.createdAt), elapsedMs: () => elapsed });
    await verify(token);
    await revokeToken(store, record.tokenId, 0);
    elapsed += 1000;
    await expect(verify(token)).rejects.toMatchObject({ message: /was revoked at/ });
  });

  test.each(['', 'sb_', 'sb_0001020304050607', 'sb_../../x_y', 'Bearer x', 'sb_0001020304050607_short'])(
    'refuses %j without asking the store',
    async (text) => {
      const { verify, store } = await issued();
      store.calls.length = 0;
      expect(parseToken(text)).toBeUndefined();
      await expect(verify(text)).rejects.toMatchObject({ code: 'unauthorized' });
      expect(store.calls).toEqual([]);
    },
  );
});
