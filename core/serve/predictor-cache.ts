// Keeps champions with their adaptations in memory, so that a prediction on the warm path asks the store nothing.
// Whoever took a champion has a predictor and adaptations that match, whatever is promoted meanwhile. What is in use is
// compared with the store in the background; a new champion answers once it and the adaptations in use are loaded.

import { DomainError } from '#core/errors.ts';
import type { Predictor } from '#core/predictor/bundle.ts';
import { aliasesSchema } from '#core/predictors/aliases.ts';
import { aliasesKey } from '#core/predictors/keys.ts';
import { type LoadBundle, loadPublished } from '#core/predictors/load-stored.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { parseJson } from '#core/store/stored-json.ts';
import { type AdaptationShelf, adaptationShelf } from './adaptation-shelf.ts';
import { sharedWork } from './shared-work.ts';

export interface PredictorCacheOptions {
  readonly store: Store;
  /** ms. */
  readonly now: () => number;
  readonly loadPredictor: LoadBundle;
  /** Least seconds between two comparisons of a search space with the store. Default 3. */
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
}

/** A predictor with the adaptations made for it; safe to hold as long as a request takes. */
export interface Champion {
  readonly predictor: Predictor;
  readonly adaptations: AdaptationShelf;
}

export interface PredictorCache {
  /** @throws DomainError `not-ready` while the search space has no champion. */
  champion(searchSpace: SearchSpaceId): Promise<Champion>;
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

/** An empty cache; a champion is loaded when its search space is first asked for. */
export function predictorCache(options: PredictorCacheOptions): PredictorCache {
  const { store, now, revalidateS = 3, idleS = 300, missingS = 2, patienceS = 30 } = options;
  const { capacity = 1000, onError = () => {} } = options;
  const slots = new Map<SearchSpaceId, Slot>();
  const opening = sharedWork<SearchSpaceId, Slot>({ now, patienceS });
  const comparing = sharedWork<SearchSpaceId, void>({ now, patienceS });
  const missingSince = new Map<SearchSpaceId, number>();

  async function champion(searchSpace: SearchSpaceId): Promise<Champion> {
    const slot = slots.get(searchSpace) ?? (await open(searchSpace));
    const comparedMs = now() - slot.comparedAt;
    const unusedMs = now() - slot.usedAt;
    slot.usedAt = now();
    const compared = comparedMs >= revalidateS * 1000 ? compare(searchSpace, slot) : undefined;
    if (comparedMs >= idleS * 1000 && unusedMs >= idleS * 1000) await compared;
    return slot.champion;
  }

  /** The first load of a search space, once however many ask. */
  function open(searchSpace: SearchSpaceId): Promise<Slot> {
    return opening.do(searchSpace, (counts) => openOnce(searchSpace, counts));
  }

  async function openOnce(searchSpace: SearchSpaceId, counts: () => boolean): Promise<Slot> {
    const missing = () => new DomainError('not-ready', `search space '${searchSpace}' has no predictor yet`);
    if (now() - (missingSince.get(searchSpace) ?? Number.NEGATIVE_INFINITY) < missingS * 1000) throw missing();
    const aliases = await store.get(aliasesKey(searchSpace));
    if (!aliases) {
      missingSince.set(searchSpace, now());
      throw missing();
    }
    const version = parseJson(aliasesKey(searchSpace), aliases.body, aliasesSchema).champion;
    const loaded = await load(searchSpace, version);
    const slot = { champion: loaded, version, aliasEtag: aliases.etag, comparedAt: now(), usedAt: now() };
    if (counts()) slots.set(searchSpace, slot);
    return slot;
  }

  async function load(searchSpace: SearchSpaceId, version: string): Promise<Champion> {
    const predictor = await loadPublished(store, searchSpace, version, options.loadPredictor);
    const { hash } = predictor.identity;
    const shelfOptions = { store, now, idleS, missingS, patienceS, capacity, onError };
    return { predictor, adaptations: adaptationShelf({ searchSpace, version, hash }, shelfOptions) };
  }

  function compare(searchSpace: SearchSpaceId, slot: Slot): Promise<void> {
    return comparing.do(searchSpace, async (counts) => {
      await compareOnce(searchSpace, slot, counts).catch(onError);
      if (counts()) slot.comparedAt = now();
    });
  }

  async function compareOnce(searchSpace: SearchSpaceId, slot: Slot, counts: () => boolean): Promise<void> {
    const aliases = await store.get(aliasesKey(searchSpace), slot.aliasEtag);
    // A missing alias is no order to stop predicting.
    if (aliases === undefined || aliases === 'not-modified') return slot.champion.adaptations.compare();
    if (!counts()) return;
    const version = parseJson(aliasesKey(searchSpace), aliases.body, aliasesSchema).champion;
    if (version === slot.version) {
      slot.aliasEtag = aliases.etag;
      return slot.champion.adaptations.compare();
    }
    if (slot.failed?.version === version && now() - slot.failed.at < retryS * 1000) return;
    try {
      const next = await load(searchSpace, version);
      await Promise.all(slot.champion.adaptations.inUse().map((targetId) => next.adaptations.get(targetId)));
      if (counts()) Object.assign(slot, { champion: next, version, aliasEtag: aliases.etag });
      else await next.predictor.close();
    } catch (error) {
      if (counts()) slot.failed = { version, at: now() };
      throw error;
    }
  }

  async function revalidate(): Promise<void> {
    const due = [...slots].filter(
      ([, slot]) => now() - slot.comparedAt >= revalidateS * 1000 && now() - slot.usedAt < idleS * 1000,
    );
    await Promise.all(due.map(([searchSpace, slot]) => compare(searchSpace, slot)));
  }

  return { champion, revalidate };
}
