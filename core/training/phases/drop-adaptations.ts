// Adaptations are of one version of a predictor and of no use to another. After a promotion those of the champion and
// of the one before it stay, so that rolling back takes a moment; older ones go, and are made again where an operator
// goes back further.
import { readAliases } from '#core/predictors/aliases.ts';
import { inOrder } from '#core/store/in-order.ts';
import type { Store } from '#core/store/store.ts';
import { allAdaptationsPrefix } from '#core/targets/keys.ts';

/** Deleted at once. */
const atOnce = 16;

/** Deletes the adaptations of every version but those given, the champion and the challenger.
 * @returns how many there were */
export async function dropAdaptations(store: Store, keep: readonly (string | undefined)[]): Promise<number> {
  const aliases = (await readAliases(store))?.value;
  const kept = new Set([...keep, aliases?.champion, aliases?.challenger]);
  const old: string[] = [];
  for await (const key of store.list(allAdaptationsPrefix)) {
    const version = key.slice(allAdaptationsPrefix.length).split('/')[0];
    if (!kept.has(version)) old.push(key);
  }
  for await (const _ of inOrder(old, atOnce, (key) => store.delete(key)));
  return old.length;
}
