// The challenger alias: while it stands, a target that is measured is adapted under it too (core/predictors/active-predictors.ts),
// so that no target is missed between the adaptation of all targets and the moment the champion's alias moves.

import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { updateJson } from '#core/store/stored-json.ts';
import { type Aliases, aliasesSchema } from './aliases.ts';
import { aliasesKey } from './keys.ts';

/** Where there is no champion yet there is nobody to challenge, and nothing is done. */
export async function setChallenger(store: Store, searchSpace: SearchSpaceId, version: string): Promise<void> {
  await updateJson(store, aliasesKey(searchSpace), aliasesSchema, (current) =>
    current === undefined || current.champion === version || current.challenger === version
      ? undefined
      : { ...current, challenger: version },
  );
}

export async function clearChallenger(store: Store, searchSpace: SearchSpaceId, version: string): Promise<void> {
  await updateJson(store, aliasesKey(searchSpace), aliasesSchema, (current) =>
    current?.challenger === version ? { champion: current.champion } : undefined,
  );
}

/** The alias moves; no challenger is left. */
export async function moveChampion(store: Store, searchSpace: SearchSpaceId, version: string): Promise<void> {
  await updateJson(store, aliasesKey(searchSpace), aliasesSchema, (current): Aliases | undefined =>
    current?.champion === version && current.challenger === undefined ? undefined : { champion: version },
  );
}
