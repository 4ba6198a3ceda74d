// Use case: is there a champion that this version of the code can run, and which targets has it not been adapted to?
import type { Store } from '#core/dataset/store.ts';
import { DomainError } from '#core/errors.ts';
import type { Predictor, PredictorBundle } from '#core/predictor/bundle.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { readAliases } from './aliases.ts';
import { adaptationKey, adaptationsPrefix, predictorKey } from './keys.ts';

export interface UsableChampion {
  readonly predictor: Predictor;
  /** Of the ids asked about, those without an adaptation. */
  readonly unadapted: readonly string[];
}

/** Undefined where there is none, where its files are not all there, or where it was made for another encoder: train
 * anew. The caller closes the predictor. */
export async function usableChampion(
  store: Store,
  searchSpace: SearchSpaceId,
  targetIds: readonly string[],
  loadPredictor: (bundle: PredictorBundle) => Promise<Predictor>,
): Promise<UsableChampion | undefined> {
  const version = (await readAliases(store, searchSpace))?.value.champion;
  if (version === undefined) return undefined;
  const onnx = await store.get(predictorKey(searchSpace, version, 'predictor.onnx'));
  const json = await store.get(predictorKey(searchSpace, version, 'predictor.json'));
  if (!onnx || !json) return undefined;
  let predictor: Predictor;
  try {
    predictor = await loadPredictor({ onnx: onnx.body, json: json.body });
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid-predictor') return undefined;
    throw error;
  }
  const adapted = new Set<string>();
  for await (const key of store.list(adaptationsPrefix(searchSpace, version))) adapted.add(key);
  const unadapted = targetIds.filter((id) => !adapted.has(adaptationKey(searchSpace, version, id)));
  return { predictor, unadapted };
}
