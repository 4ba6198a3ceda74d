// The one way from the store to a predictor that predicts: a published version, or a fit that a run made.
import { DomainError } from '#core/errors.ts';
import { loadPredictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import type { Predictor } from '#core/predictor/types.ts';
import type { Store } from '#core/store/store.ts';
import { predictorKey } from './keys.ts';

/** The two files that every stored predictor has. */
export type BundleFile = 'predictor.onnx' | 'predictor.json';

/** Opens a session on the bytes: an argument where a caller counts or replaces sessions. */
export type LoadBundle = (bundle: PredictorBundle) => Promise<Predictor>;

/** Where a bundle lies, and how a message calls it. */
export interface BundlePlace {
  readonly name: string;
  readonly keyOf: (file: BundleFile) => string;
}

/** @throws DomainError `invalid-predictor` where a file is missing or damaged, the two are not of one predictor, or it
 * was made for other features of kernels */
export async function loadStored(
  store: Store,
  { name, keyOf }: BundlePlace,
  load: LoadBundle = loadPredictor,
): Promise<Predictor> {
  const [onnx, json] = await Promise.all([store.get(keyOf('predictor.onnx')), store.get(keyOf('predictor.json'))]);
  if (!onnx || !json) throw new DomainError('invalid-predictor', `${name} is not complete in the store`);
  return load({ onnx: onnx.body, json: json.body });
}

/** A published version: champion, challenger or neither. @throws DomainError as `loadStored` */
export function loadPublished(store: Store, version: string, load: LoadBundle = loadPredictor): Promise<Predictor> {
  const name = `predictor '${version}'`;
  return loadStored(store, { name, keyOf: (file) => predictorKey(version, file) }, load);
}
