// Keeps the champion with its adaptations in memory, so that a prediction on the warm path asks the store nothing.
// Whoever took a champion has a predictor and adaptations that match, whatever is promoted meanwhile. What is in use is
// compared with the store in the background; a new champion answers once it and the adaptations in use are loaded.

import { DomainError } from '#core/errors.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { aliasesSchema } from '#core/predictors/aliases.ts';
import { aliasesKey } from '#core/predictors/keys.ts';
import { type LoadBundle, loadPublished } from '#core/predictors/load-stored.ts';
import type { Store } from '#core/store/store.ts';
import { parseJson } from '#core/store/stored-json.ts';
import { adaptationKey, targetIdSchema } from '#core/targets/keys.ts';
import { type AdaptationShelf, adaptationShelf } from './adaptation-shelf.ts';
import { earlyReads } from './early-reads.ts';
import { sharedWork } from './shared-work.ts';

export interface PredictorCacheOptions {
  readonly store: Store;
  /** ms. */
  readonly now: () => number;
  readonly loadPredictor: LoadBundle;
  /** Least seconds between two comparisons with the store. Default 3. */
  readonly revalidateS?: number;
  /** What was unused for so long is compared before its next use, and not in the background. Default 300. */
  readonly idleS?: number;
  /** How long a missing champion or adaptation is believed missing. Default 2. */
  readonly missingS?: number;
  /** After so long a load or comparison that has not ended is given up and started anew. Default 30. */
  readonly patienceS?: number;
  /** Adaptations kept of a champion. Default 1,000. */
  readonly capacity?: number;
  /** A comparison failed and what is in memory goes on being used. */
  readonly onError?: (error: unknown) => void;
  /** Told of each look for the champion or an adaptation whether memory had it, or the store had to be asked. */
  readonly onLook?: (isHit: boolean) => void;
}

/** A predictor with the adaptations made for it; safe to hold as long as a request takes. */
export interface Champion {
  readonly predictor: Predictor;
  readonly adaptations: AdaptationShelf;
}

export interface PredictorCache {
  /** Begins to load the champion before anybody asks for it. What fails here is told to who asks. */
  open(): void;
  /** @param targetIds whose adaptations will be asked for next: while the champion is loaded, they are read too
   * @throws DomainError `not-ready` while there is none. */
  champion(targetIds?: readonly string[]): Promise<Champion>;
  /** Compares what is in use with the store where `revalidateS` have passed. Never rejects. */
  revalidate(): Promise<void>;
}

interface Slot {
  champion: Champion;
  version: string;
  aliasEtag: string;
  /** ms. */
  comparedAt: number;
  usedAt: number;
  /** A version that could not be loaded, and when it was tried. */
  failed?: { readonly version: string; readonly at: number };
}

/** A champion that cannot be loaded is tried again after this many seconds. */
const retryS = 30;

/** An empty cache; the champion is loaded when it is first asked for. */
export function predictorCache(options: PredictorCacheOptions): PredictorCache {
  const { store, now, revalidateS = 3, idleS = 300, missingS = 2, patienceS = 30 } = options;
  const { capacity = 1000, onError = () => {}, onLook = () => {} } = options;
  let slot: Slot | undefined;
  const opening = sharedWork<'champion', Slot>({ now, patienceS });
  const comparing = sharedWork<'champion', void>({ now, patienceS });
  let missingSince = Number.NEGATIVE_INFINITY;
  const early = earlyReads(store, now, missingS * 1000);
  /** The version that is being loaded, and the targets that it is waited for. */
  let loading: string | undefined;
  let waiting: readonly string[] = [];

  async function champion(targetIds: readonly string[] = []): Promise<Champion> {
    onLook(slot !== undefined);
    if (slot === undefined) {
      waiting = targetIds;
      readWaiting();
    }
    // The first load, once however many ask.
    const own = slot ?? (await opening.do('champion', openOnce));
    const comparedMs = now() - own.comparedAt;
    const unusedMs = now() - own.usedAt;
    own.usedAt = now();
    const compared = comparedMs >= revalidateS * 1000 ? compare(own) : undefined;
    if (comparedMs >= idleS * 1000 && unusedMs >= idleS * 1000) await compared;
    return own.champion;
  }

  async function openOnce(counts: () => boolean): Promise<Slot> {
    const missing = () => new DomainError('not-ready', 'there is no predictor yet');
    if (now() - missingSince < missingS * 1000) throw missing();
    const aliases = await store.get(aliasesKey);
    if (!aliases) {
      missingSince = now();
      throw missing();
    }
    const version = parseJson(aliasesKey, aliases.body, aliasesSchema).champion;
    loading = version;
    readWaiting();
    const loaded = await load(version).finally(() => {
      loading = undefined;
    });
    const opened = { champion: loaded, version, aliasEtag: aliases.etag, comparedAt: now(), usedAt: now() };
    if (counts()) slot = opened;
    return opened;
  }

  function readWaiting(): void {
    if (loading === undefined) return;
    // A name that cannot be a target's must not become a key either.
    const ids = waiting.filter((id) => targetIdSchema.safeParse(id).success);
    for (const id of ids) early.begin(adaptationKey(loading, id));
    waiting = [];
  }

  async function load(version: string): Promise<Champion> {
    const predictor = await loadPublished(store, version, options.loadPredictor);
    const { hash } = predictor.identity;
    const shelfOptions = { store: early, now, idleS, missingS, patienceS, capacity, onError, onLook };
    return { predictor, adaptations: adaptationShelf({ version, hash }, shelfOptions) };
  }

  function compare(own: Slot): Promise<void> {
    return comparing.do('champion', async (counts) => {
      await compareOnce(own, counts).catch(onError);
      if (counts()) own.comparedAt = now();
    });
  }

  async function compareOnce(own: Slot, counts: () => boolean): Promise<void> {
    const aliases = await store.get(aliasesKey, own.aliasEtag);
    // A missing alias is no order to stop predicting.
    if (aliases === undefined || aliases === 'not-modified') return own.champion.adaptations.compare();
    if (!counts()) return;
    const version = parseJson(aliasesKey, aliases.body, aliasesSchema).champion;
    if (version === own.version) {
      own.aliasEtag = aliases.etag;
      return own.champion.adaptations.compare();
    }
    if (own.failed?.version === version && now() - own.failed.at < retryS * 1000) return;
    try {
      const next = await load(version);
      await Promise.all(own.champion.adaptations.inUse().map((targetId) => next.adaptations.get(targetId)));
      if (counts()) Object.assign(own, { champion: next, version, aliasEtag: aliases.etag });
      else await next.predictor.close();
    } catch (error) {
      if (counts()) own.failed = { version, at: now() };
      throw error;
    }
  }

  function open(): void {
    opening.do('champion', openOnce).catch(() => {});
  }

  async function revalidate(): Promise<void> {
    if (slot === undefined) return;
    const isDue = now() - slot.comparedAt >= revalidateS * 1000 && now() - slot.usedAt < idleS * 1000;
    if (isDue) await compare(slot);
  }

  return { open, champion, revalidate };
}
