// The meter of a function that takes long for one request: what one token may have of its time.
import { type MeteredWork, tokenWork } from '#core/access/token-work.ts';
import type { Store } from '#core/store/store.ts';
import { elapsedMs } from './elapsed.ts';
import { logger } from './telemetry.ts';

/** Counts the work of tokens over all processes. @param budgetS seconds that one token may have on a day (UTC) */
export const meteredWork = (store: Store, budgetS: number): MeteredWork =>
  tokenWork({
    store,
    now: Date.now,
    elapsedMs,
    budgetMs: 1000 * budgetS,
    onError: (error) => logger.warn('work not counted', { error }),
  });
