// Use case: is the service live and ready? Ready means that the store answers and that there is a predictor. Anyone may
// ask, so the answer is kept for a while: asking often costs the store nothing.

import { readAliases } from '#core/predictors/aliases.ts';
import type { Store } from '#core/store/store.ts';

export interface Health {
  readonly live: true;
  readonly ready: boolean;
  /** Version of the predictor in use; null: none, or the store does not say. */
  readonly champion: string | null;
}

export interface HealthOptions {
  readonly store: Store;
  /** ms since any moment, never going back. */
  readonly now: () => number;
  /** How long an answer is given again. Default 2 s. */
  readonly keptS?: number;
}

/** A check of which search spaces can predict, whose answer is used for `keptS` seconds. */
export function healthCheck({ store, now, keptS = 2 }: HealthOptions): () => Promise<Health> {
  let kept: { readonly health: Promise<Health>; readonly at: number } | undefined;
  return () => {
    if (!kept || now() - kept.at >= keptS * 1000) kept = { health: check(store), at: now() };
    return kept.health;
  };
}

async function check(store: Store): Promise<Health> {
  const aliases = await readAliases(store).catch(() => undefined);
  return { live: true, ready: aliases !== undefined, champion: aliases?.value.champion ?? null };
}
