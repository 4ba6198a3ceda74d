// What may never be seen, whatever happened to a training: a predictor without all of its files, an
// alias of one, or a challenger without a run that needs it.

import { readAliases } from '#core/predictors/aliases.ts';
import type { Store } from '#core/store/store.ts';

/** Of a version with a card, which is what the API goes by. */
const files = ['card.json', 'predictions.json', 'predictor.json', 'predictor.onnx', 'report.html'];

/** Sentences; empty: all is well. */
export async function halfPublished(store: Store): Promise<string[]> {
  const prefix = 'predictors/';
  const found = new Map<string, string[]>();
  for await (const key of store.list(prefix)) {
    const [version, file] = key.slice(prefix.length).split('/');
    if (file !== undefined) found.set(version!, [...(found.get(version!) ?? []), file]);
  }
  const problems = [...found].flatMap(([version, there]) => {
    const missing = files.filter((file) => !there.includes(file));
    return there.includes('card.json') && missing.length > 0 ? [`${version} has no ${missing.join(', ')}`] : [];
  });
  const { champion, challenger } = (await readAliases(store))?.value ?? {};
  if (champion !== undefined && !found.get(champion)?.includes('card.json')) problems.push(`no ${champion} to serve`);
  if (challenger !== undefined) problems.push(`${challenger} is still challenger`);
  return problems;
}
