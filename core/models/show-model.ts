// Use case: what is told of a model that was taken in.
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { type ModelView, modelView } from './lowered-view.ts';
import { readModelGraph } from './stored-graph.ts';

/** @throws DomainError `not-found` */
export async function showModel(store: Store, model: string): Promise<ModelView> {
  const graph = await readModelGraph(store, model);
  if (graph === undefined) throw new DomainError('not-found', `there is no model '${model.slice(0, 64)}'`);
  return modelView(model, graph);
}
