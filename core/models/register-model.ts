// Use case: take an operator graph in. What is kept is its canonical form under its hash: no name that anybody gave,
// nothing that nothing uses, and no more than structure needs, so that neither weights nor anything else can hide in
// it.
import { gzipSync } from 'node:zlib';
import { DomainError } from '#core/errors.ts';
import { canonicalGraph } from '#core/graph/canonical-graph.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { putIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { modelKey } from './keys.ts';
import { type ModelView, modelView } from './lowered-view.ts';
import { acceptedGraph, type SubmittedGraph } from './submitted-graph.ts';

/** Bytes of the compressed canonical form. Structure repeats itself and compresses well: models of data/zoo have at
 * most 1,000 and 26 a node. Weights do not. */
export const densityLimit = { bytes: 2_048, bytesPerNode: 40 } as const;

/** The same graph is the same model, whoever sends it, whatever its parts are called and in whichever order they stand.
 * @throws DomainError `invalid-model`, also for more data than structure has; `unsupported-model`, `unbound-dimension`
 * (submitted-graph.ts) */
export async function registerModel(store: Store, submitted: SubmittedGraph): Promise<ModelView> {
  const { graph } = canonicalGraph(acceptedGraph(submitted));
  const bytes = gzipSync(JSON.stringify(graph));
  const most = densityLimit.bytes + densityLimit.bytesPerNode * graph.nodes.length;
  if (bytes.length > most) {
    const message =
      `a graph says structure, not data: ${graph.nodes.length} operators have at most ${most} bytes compressed, ` +
      `and these are ${bytes.length}`;
    throw new DomainError('invalid-model', message, { issues: [{ path: 'graph', message }] });
  }
  const view = modelView(graphHash(graph), graph);
  await putIfAbsent(store, modelKey(view.model), bytes);
  return view;
}
