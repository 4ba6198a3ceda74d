// Use cases: the predictors as people see them.

import { DomainError } from '#core/errors.ts';
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

async function aliasOf(store: Store): Promise<(version: string) => Alias> {
  const aliases = (await readAliases(store))?.value;
  return (version) =>
    aliases?.champion === version ? 'champion' : aliases?.challenger === version ? 'challenger' : null;
}

/** Newest first. */
export async function listPredictors(store: Store): Promise<{ readonly predictors: readonly PredictorSummary[] }> {
  const versions: string[] = [];
  const prefix = predictorsPrefix;
  for await (const key of store.list(prefix)) {
    const [version, file] = key.slice(prefix.length).split('/');
    if (file === 'card.json') versions.push(version!);
  }
  const alias = await aliasOf(store);
  const predictors: PredictorSummary[] = [];
  for await (const card of inOrder(versions, 8, (version) => readCard(store, version))) {
    if (!card) continue;
    const { version, createdAt, runId = null, decision } = card;
    const outcome = decision?.outcome ?? null;
    predictors.push({ version, createdAt, alias: alias(version), runId, outcome, within10: headline(card) });
  }
  return { predictors: predictors.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)) };
}

function headline({ evaluation }: Card): number | null {
  if (evaluation === undefined) return null;
  const { shown, scores } = evaluation;
  const values = scores.flatMap(({ model, measurements, selection, within10 }) =>
    model === 'candidate' && measurements === shown.measurements && selection === shown.selection && within10 !== null
      ? [within10]
      : [],
  );
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** @throws DomainError `not-found` */
export async function showPredictor(store: Store, version: string) {
  const card = await readCard(store, version);
  if (!card) throw missing(version);
  const report = await store.get(predictorKey(version, 'report.html'));
  return {
    card,
    alias: (await aliasOf(store))(version),
    hasReport: report !== undefined,
  };
}

/** An HTML page. @throws DomainError `not-found` */
export async function readReport(store: Store, version: string): Promise<string> {
  const object = await store.get(predictorKey(version, 'report.html'));
  if (object) return new TextDecoder().decode(object.body);
  throw new DomainError('not-found', `predictor '${version}' has no report`);
}

const missing = (version: string): DomainError => new DomainError('not-found', `there is no predictor '${version}'`);
