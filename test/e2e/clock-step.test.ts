// The machine's clock is set while the service runs: what a token may do over HTTP stays as it was, in the stack's
// process and in those of the functions.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { issueToken } from '#core/access/issue-token.ts';
import { type FieldStack, startFieldStack } from './field-stack.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const dayMs = 86_400_000;
let folder: string;
let field: FieldStack;

/** Sets the clock of a process of Node to what a file says, in ms from the right time, as soon as there is one. */
const setByFile = (file: string): string => `
  import { readFileSync } from 'node:fs';
  const Right = Date, now = Date.now;
  const by = () => { try { return Number(readFileSync('${file}')); } catch { return 0; } };
  Date.now = () => now() + by();
  globalThis.Date = class extends Right {
    constructor(...given) { super(...(given.length ? given : [Date.now()])); }
  };`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-clock-step-'));
  const clock = setByFile(join(folder, 'step'));
  field = await startFieldStack({
    // No token is trusted without being read again.
    overrides: { TOKEN_CACHE_S: '0', NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` },
  });
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  await field?.close();
  rmSync(folder, { recursive: true, force: true });
});

function stepClock(byMs: number): void {
  writeFileSync(join(folder, 'step'), String(byMs));
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
}

const tokenFrom = async (now: number, validForS: number) =>
  (await issueToken(field.data, { role: 'reader', validForS, now, randomBytes })).token;

const statusWith = async (token: string): Promise<number> => {
  const reply = await field.call('GET', '/v1/search-spaces', token);
  await reply.arrayBuffer();
  return reply.status;
};

test.each([-dayMs, dayMs])('a clock that is set by %i ms changes no token', async (byMs) => {
  const good = await tokenFrom(Date.now(), 3600);
  const revoked = await tokenFrom(Date.now(), 3600);
  const expired = await tokenFrom(Date.now() - 7200_000, 3600);
  expect(await Promise.all([good, revoked, expired].map(statusWith))).toEqual([200, 200, 401]);
  const id = revoked.split('_')[1]!;
  expect((await field.call('DELETE', `/v1/tokens/${id}`, field.operator)).status).toBe(200);
  expect(await statusWith(revoked)).toBe(401);
  stepClock(byMs);
  expect(await Promise.all([good, revoked, expired].map(statusWith))).toEqual([200, 401, 401]);
});
