// How much of the functions' time a token has had today (UTC), of all their processes together, so that no holder of a
// good token takes more than its share: token-work/{tokenId}.json. A process counts for itself and brings its count to
// the store once it is worth a write; until then the others do not know of it.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { updateJson } from '#core/store/stored-json.ts';
import { tokenWorkKey } from './keys.ts';

const tokenWorkSchema = z.strictObject({
  day: z.iso.date(),
  /** Milliseconds of all processes on that day. */
  workMs: z.number().nonnegative(),
});

export interface TokenWorkOptions {
  readonly store: Store;
  /** ms since the epoch: which day it is. */
  readonly now: () => number;
  /** ms since any moment, never going back: how long a piece of work took. */
  readonly elapsedMs: () => number;
  /** What one token may have of a day. */
  readonly budgetMs: number;
  /** Work of one token and process that is worth a write. Default 10 s: a process may be so far over the budget. */
  readonly reportMs?: number;
  /** The count could not be brought to the store; it is kept, and brought later. */
  readonly onError?: (error: unknown) => void;
}

/** Does a piece of work for a token and counts its time.
 * @throws DomainError `quota-exceeded`, before the work, once the token has had its day's share; what the work
 * throws */
export type MeteredWork = <T>(tokenId: string, work: () => Promise<T>) => Promise<T>;

interface Account {
  day: string;
  /** What all processes had, as the store said last. */
  knownMs: number;
  /** What this process had and the store does not know yet. */
  ownMs: number;
}

/** Tokens whose counts are remembered. */
const remembered = 1000;

/** A meter with nothing counted yet. */
export function tokenWork(options: TokenWorkOptions): MeteredWork {
  const { store, now, elapsedMs, budgetMs, reportMs = 10_000, onError = () => {} } = options;
  const accounts = new Map<string, Account>();

  function accountOf(tokenId: string): Account {
    const day = new Date(now()).toISOString().slice(0, 10);
    const before = accounts.get(tokenId);
    // A clock that is set back brings back no day.
    if (before !== undefined && before.day >= day) return before;
    if (accounts.size >= remembered) accounts.delete(accounts.keys().next().value!);
    const account = { day, knownMs: 0, ownMs: 0 };
    accounts.set(tokenId, account);
    return account;
  }

  async function report(tokenId: string, account: Account): Promise<void> {
    const { day, ownMs } = account;
    account.ownMs = 0;
    try {
      const total = await updateJson(store, tokenWorkKey(tokenId), tokenWorkSchema, (current) => {
        if (current === undefined || current.day < day) return { day, workMs: ownMs };
        return { day: current.day, workMs: current.workMs + ownMs };
      });
      account.day = total!.day;
      account.knownMs = total!.workMs;
    } catch (error) {
      account.ownMs += ownMs;
      onError(error);
    }
  }

  return async (tokenId, work) => {
    const account = accountOf(tokenId);
    if (account.knownMs + account.ownMs >= budgetMs) throw usedUp(budgetMs);
    const startedMs = elapsedMs();
    try {
      return await work();
    } finally {
      account.ownMs += elapsedMs() - startedMs;
      if (account.ownMs >= reportMs) await report(tokenId, account);
    }
  };
}

function usedUp(budgetMs: number): DomainError {
  const message = `the token has had its ${budgetMs / 1000} s of the service's time for this day (UTC)`;
  return new DomainError('quota-exceeded', message, { issues: [{ path: 'token', message }] });
}
