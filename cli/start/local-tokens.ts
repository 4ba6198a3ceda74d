// The tokens that `npm start` prints: made once for a state folder and kept there (readable by its owner only), so that
// what somebody pasted yesterday works today. Only their hashes are in the store.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { exposedToken } from '#command-line/token-file.ts';
import { issueToken } from '#core/access/issue-token.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';

const tokensSchema = z.strictObject({ reader: z.string(), operator: z.string() });
export type LocalTokens = z.infer<typeof tokensSchema>;

const dayS = 86_400;
const validForS = 365 * dayS;
/** A token that would end within this time is replaced. */
const leastLeftS = 30 * dayS;

/** The reader's and the operator's token of a state folder: those that are kept there, or new ones for a year where one
 * is missing, ends within a month, or is not good in this store. They are kept again in `tokens.json`.
 * @param warn takes a line where others could read them */
export async function localTokens(store: Store, stateDir: string, warn: (line: string) => void): Promise<LocalTokens> {
  const file = join(stateDir, 'tokens.json');
  const warning = exposedToken(file);
  if (warning !== undefined) warn(warning.trimEnd());
  const kept = await readKept(file);
  const now = () => Date.now() + leastLeftS * 1000;
  const soon = tokenVerifier({ store, now, elapsedMs: () => performance.now() });
  const current = async (token: string | undefined, role: keyof LocalTokens): Promise<string> => {
    if (token !== undefined && (await isGood(soon(token)))) return token;
    return (await issueToken(store, { role, validForS, now: Date.now(), randomBytes })).token;
  };
  const tokens = { reader: await current(kept?.reader, 'reader'), operator: await current(kept?.operator, 'operator') };
  await writeFile(file, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600 });
  return tokens;
}

async function readKept(file: string): Promise<LocalTokens | undefined> {
  try {
    return tokensSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function isGood(verified: Promise<unknown>): Promise<boolean> {
  try {
    await verified;
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'unauthorized') return false;
    throw error;
  }
}
