// Use cases: the predictors of a search space as people see them.

import { DomainError } from '#core/errors.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { inOrder } from '#core/store/in-order.ts';
import type { Store } from '#core/store/store.ts';
import { readAliases } from './aliases.ts';
import { type Card, readCard } from './card.ts';
import { predictorKey, predictorsPrefix } from './keys.ts';

export type Alias = 'champion' | 'challenger' | null;

export interface PredictorSummary {
  readonly version: string;
  readonly createdAt: string;
  readonly alias: Alias;
  readonly runId: string | null;
  readonly outcome: 'promoted' | 'refused' | null;
  /** Mean over held-out targets. */
  readonly within10: number | null;
}

async function aliasOf(store: Store, searchSpace: SearchSpaceId): Promise<(version: string) => Alias> {
  const aliases = (await readAliases(store, searchSpace))?.value;
  return (version) =>
    aliases?.champion === version ? 'champion' : aliases?.challenger === version ? 'challenger' : null;
}

/** Newest first. */
export async function listPredictors(
  store: Store,
  searchSpace: SearchSpaceId,
): Promise<{ readonly predictors: readonly PredictorSummary[] }> {
  const versions: string[] = [];
  const prefix = predictorsPrefix(searchSpace);
  for await (const key of store.list(prefix)) {
    const [version, file] = key.slice(prefix.length).split('/');
    if (file === 'card.json') versions.push(version!);
  }
  const alias = await aliasOf(store, searchSpace);
  const predictors: PredictorSummary[] = [];
  for await (const card of inOrder(versions, 8, (version) => readCard(store, searchSpace, version))) {
    if (!card) continue;
    const { version, createdAt, runId, decision } = card;
    const { outcome } = decision;
    predictors.push({ version, createdAt, alias: alias(version), runId, outcome, within10: headline(card) });
  }
  return { predictors: predictors.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)) };
}

function headline({ evaluation }: Card): number | null {
  const { shown, scores } = evaluation;
  const values = scores.flatMap(({ model, measurements, selection, within10 }) =>
    model === 'candidate' && measurements === shown.measurements && selection === shown.selection && within10 !== null
      ? [within10]
      : [],
  );
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** @throws DomainError `not-found` */
export async function showPredictor(store: Store, searchSpace: SearchSpaceId, version: string) {
  const card = await readCard(store, searchSpace, version);
  if (!card) throw missing(searchSpace, version);
  const report = await store.get(predictorKey(searchSpace, version, 'report.html'));
  return {
    card,
    alias: (await aliasOf(store, searchSpace))(version),
    hasReport: report !== undefined,
  };
}

/** An HTML page. @throws DomainError `not-found` */
export async function readReport(store: Store, searchSpace: SearchSpaceId, version: string): Promise<string> {
  const object = await store.get(predictorKey(searchSpace, version, 'report.html'));
  if (object) return new TextDecoder().decode(object.body);
  throw new DomainError('not-found', `predictor '${searchSpace}/${version}' has no report`);
}

const missing = (searchSpace: SearchSpaceId, version: string): DomainError =>
  new DomainError('not-found', `search space '${searchSpace}' has no predictor '${version}'`);
