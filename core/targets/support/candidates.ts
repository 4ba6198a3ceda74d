// What a support set is chosen from: architectures of a search space, the standard networks and models that were taken
// in; never what the target has measured.
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { IdentifiedGraph } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';

/** Architectures among which to choose: drawn with a fixed seed, so that devices that start anew measure the same. */
const candidateCount = 900;

/** A network to measure, by what it is known by. */
export type SuggestedNetwork =
  | { readonly kind: 'architecture'; readonly architecture: string }
  /** `model`: hash of its graph. */
  | { readonly kind: 'standard'; readonly name: string; readonly model: string }
  | { readonly kind: 'model'; readonly model: string };

export interface GraphCandidate extends IdentifiedGraph {
  readonly suggestion: SuggestedNetwork;
}

/** Random connected architectures that are not measured, always the same and in the same order.
 * @param measured canonical texts */
export function architectureCandidates(space: SearchSpace, measured: ReadonlySet<string>): Architecture[] {
  const random = seededRandom(1);
  const seen = new Set<string>();
  const candidates: Architecture[] = [];
  // A small space may have fewer than asked for: the draws are bounded.
  for (let draw = 0; draw < 4 * candidateCount && candidates.length < candidateCount; draw++) {
    const architecture = space.sample(random);
    const text = space.format(architecture);
    if (seen.has(text)) continue;
    seen.add(text);
    if (!measured.has(text) && space.isConnected(architecture)) candidates.push(architecture);
  }
  return candidates;
}

/** Each graph once: a model that is a standard network is told by its name.
 * @param ids of `models`
 * @param measured hashes of graphs */
export function graphCandidates(
  standard: boolean,
  ids: readonly string[],
  models: readonly OperatorGraph[],
  measured: readonly string[],
): GraphCandidate[] {
  const candidates = new Map<string, GraphCandidate>();
  for (const [at, id] of ids.entries()) {
    candidates.set(id, { id, graph: models[at]!, suggestion: { kind: 'model', model: id } });
  }
  for (const { name, id, graph } of standard ? standardGraphs() : []) {
    candidates.set(id, { id, graph, suggestion: { kind: 'standard', name, model: id } });
  }
  for (const id of measured) candidates.delete(id);
  return [...candidates.values()];
}
