// The predictor that comes with the project: data/predictor/. A store without one that this code can run gets it as a
// training run would give it: published whole, then promoted once every target is adapted to it.
import { readFile } from 'node:fs/promises';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { type PredictorFile, predictorKey } from '#core/predictors/keys.ts';
import { hasUsableChampion } from '#core/predictors/usable-champion.ts';
import { putIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { setChampion } from '#core/training/phases/promote-phase.ts';
import { readShippedPredictor } from './read-shipped-predictor.ts';

const folder = new URL('../../data/predictor/', import.meta.url);
/** The card last: a version with a card is whole. */
const files: readonly PredictorFile[] = ['predictor.onnx', 'predictor.json', 'report.html', 'card.json'];

/** @returns its version; undefined: there is a champion already that this code can run */
export async function seedPredictor(store: Store, now: () => number): Promise<string | undefined> {
  if (await hasUsableChampion(store, loadPredictor)) return undefined;
  const { version } = await readShippedPredictor();
  for (const file of files) {
    const bytes = await readShipped(file);
    if (bytes !== undefined) await putIfAbsent(store, predictorKey(version, file), bytes);
  }
  await setChampion({ store, now }, version);
  return version;
}

/** Predictions and report may be missing. */
async function readShipped(file: PredictorFile): Promise<Uint8Array | undefined> {
  try {
    return await readFile(new URL(file, folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
