// Which versions of the predictor are in use. The only mutable object of a predictor; everything it points to
// is immutable.
import * as z from 'zod';
import type { Store } from '#core/store/store.ts';
import { readJson, type StoredJson, updateJson } from '#core/store/stored-json.ts';
import { aliasesKey } from './keys.ts';

export const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const aliasesSchema = z.strictObject({
  champion: z.string().regex(versionPattern),
  challenger: z.string().regex(versionPattern).optional(),
});
export type Aliases = z.infer<typeof aliasesSchema>;

/** Which versions are champion and challenger; undefined before the first.
 * @throws DomainError `internal` for a damaged object */
export function readAliases(store: Store): Promise<StoredJson<Aliases> | undefined> {
  return readJson(store, aliasesKey, aliasesSchema);
}

// Everybody who changes an alias does it by one of these three.

/** The challenger alias: while it stands, a target that is measured is adapted under it too (active-predictors.ts), so
 * that no target is missed between the adaptation of all targets and the moment the champion's alias moves. Where there
 * is no champion yet there is nobody to challenge, and nothing is done. */
export function setChallenger(store: Store, version: string): Promise<void> {
  return changeAliases(store, (current) =>
    current === undefined || current.champion === version ? current : { ...current, challenger: version },
  );
}

/** Takes the challenger away where it is this version.
 * @throws DomainError `conflict` when others were first every time */
export function clearChallenger(store: Store, version: string): Promise<void> {
  return changeAliases(store, (current) =>
    current?.challenger === version ? { champion: current.champion } : current,
  );
}

/** The alias moves; no challenger is left. */
export function moveChampion(store: Store, version: string): Promise<void> {
  return changeAliases(store, () => ({ champion: version }));
}

/** Writes nothing where the change leaves the aliases as they are. */
async function changeAliases(
  store: Store,
  change: (current: Aliases | undefined) => Aliases | undefined,
): Promise<void> {
  await updateJson(store, aliasesKey, aliasesSchema, (current) => {
    const next = change(current);
    const same = next?.champion === current?.champion && next?.challenger === current?.challenger;
    return same ? undefined : next;
  });
}
