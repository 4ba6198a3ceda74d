// Reads the predictor that comes with the project, data/predictor/, and nothing more: commands that answer at once wait
// for no other module.
import { readFile } from 'node:fs/promises';
import { bundleHash } from '#core/predictor/bundle.ts';
import { cardSchema } from '#core/predictors/card.ts';

const folder = new URL('../../data/predictor/', import.meta.url);

/** The bundle and its card. @throws Error where the files are not of one predictor */
export async function readShippedPredictor() {
  const read = (file: string) => readFile(new URL(file, folder));
  const [onnx, json, card] = await Promise.all([read('predictor.onnx'), read('predictor.json'), read('card.json')]);
  const { version, hash } = cardSchema.parse(JSON.parse(card.toString('utf8')));
  if (bundleHash({ onnx, json }) !== hash)
    throw new Error('data/predictor/card.json is not of the predictor beside it');
  return { version, bundle: { onnx, json } };
}
