// The adaptations of one predictor in memory: each is read once, on demand, however many ask at the same time. Those in
// use are compared with the store in the background; the ones longest unused make room.

import { DomainError } from '#core/errors.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import type { PredictorIdentity } from '#core/predictor/types.ts';
import type { Store } from '#core/store/store.ts';
import { parseJson } from '#core/store/stored-json.ts';
import { isWithdrawn, type KeptAdaptation, keptAdaptationSchema } from '#core/targets/kept-adaptation.ts';
import { adaptationKey } from '#core/targets/keys.ts';
import { sharedWork } from './shared-work.ts';

export interface ShelfOptions {
  readonly store: Pick<Store, 'get'>;
  /** ms. */
  readonly now: () => number;
  /** Unused for so long: compared before the next use, and not in the background. */
  readonly idleS: number;
  /** How long a missing adaptation is believed missing. */
  readonly missingS: number;
  /** After so long a read that has not ended is given up and started anew. */
  readonly patienceS: number;
  /** Adaptations kept; one takes tens of kilobytes. */
  readonly capacity: number;
  /** A comparison failed and what is in memory goes on being used. */
  readonly onError: (error: unknown) => void;
  /** Told of each look for an adaptation whether memory had it. Default: nobody. */
  readonly onLook?: (isHit: boolean) => void;
}

export interface AdaptationShelf {
  /** Undefined: the store has none, or all was withdrawn. Rejects when it cannot be read. */
  get(targetId: string): Promise<Adaptation | undefined>;
  /** Whether what was read last says that all of the target was withdrawn. */
  isWithdrawn(targetId: string): boolean;
  /** Ids asked for within `idleS`. */
  inUse(): string[];
  /** Compares those in use with the store. Never rejects. */
  compare(): Promise<void>;
}

interface Entry {
  /** What was read last; `etag` undefined: the store had none. */
  adaptation?: Adaptation | undefined;
  withdrawn?: boolean;
  etag?: string | undefined;
  /** ms; minus infinity before the first read. */
  comparedAt: number;
  usedAt: number;
}

const readsAtOnce = 8;

/** An empty shelf for the adaptations of one predictor; each is read when it is first asked for. */
export function adaptationShelf(identity: PredictorIdentity, options: ShelfOptions): AdaptationShelf {
  const { store, now, idleS, missingS, patienceS, capacity, onError, onLook = () => {} } = options;
  const entries = new Map<string, Entry>();
  const reading = sharedWork<Entry, void>({ now, patienceS });

  /** One read at a time for an entry; who comes meanwhile waits for the same one. */
  function read(targetId: string, entry: Entry): Promise<void> {
    return reading.do(entry, (counts) => readOnce(targetId, entry, counts));
  }

  async function readOnce(targetId: string, entry: Entry, counts: () => boolean): Promise<void> {
    const key = adaptationKey(identity.version, targetId);
    const object = entry.etag === undefined ? await store.get(key) : await store.get(key, entry.etag);
    // Given up meanwhile: who waits for this read wants the outcome of the one that was started after it.
    if (!counts()) return read(targetId, entry);
    if (object !== 'not-modified') {
      const kept = object && parseKept(key, object.body, identity);
      entry.withdrawn = kept !== undefined && isWithdrawn(kept);
      entry.adaptation = kept === undefined || isWithdrawn(kept) ? undefined : kept;
      entry.etag = object?.etag;
    }
    entry.comparedAt = now();
  }

  /** Whether what is in memory has to be compared with the store before it may be used. */
  function mustRead(entry: Entry): boolean {
    const comparedMs = now() - entry.comparedAt;
    return entry.adaptation
      ? comparedMs >= idleS * 1000 && now() - entry.usedAt >= idleS * 1000
      : comparedMs >= missingS * 1000;
  }

  async function get(targetId: string): Promise<Adaptation | undefined> {
    const entry: Entry = entries.get(targetId) ?? { comparedAt: Number.NEGATIVE_INFINITY, usedAt: now() };
    entries.delete(targetId);
    entries.set(targetId, entry);
    if (entries.size > capacity) entries.delete(entries.keys().next().value!);
    const needed = mustRead(entry);
    entry.usedAt = now();
    onLook(!needed);
    if (!needed) return entry.adaptation;
    try {
      await read(targetId, entry);
    } catch (error) {
      if (!entry.adaptation) throw error;
      onError(error);
    }
    return entry.adaptation;
  }

  function inUse(): string[] {
    return [...entries].flatMap(([id, { adaptation, usedAt }]) =>
      adaptation && now() - usedAt < idleS * 1000 ? [id] : [],
    );
  }

  async function compare(): Promise<void> {
    const waiting = inUse();
    const work = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        const entry = entries.get(id);
        if (entry) await read(id, entry).catch(onError);
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, work));
  }

  return { get, isWithdrawn: (targetId) => entries.get(targetId)?.withdrawn === true, inUse, compare };
}

function parseKept(key: string, body: Uint8Array, identity: PredictorIdentity): KeptAdaptation {
  const adaptation = parseJson(key, body, keptAdaptationSchema);
  if (isWithdrawn(adaptation) || adaptation.predictorHash === identity.hash) return adaptation;
  throw new DomainError(
    'internal',
    `'${key}' was made for predictor ${adaptation.predictorHash}, not ${identity.hash}`,
  );
}
