// The standard networks: a dozen and a half small ones that between them have every kind of operator that networks for
// devices are made of, at several sizes. A device that has measured them is predictable for every search space and any
// model. They are told apart by the hashes of their graphs: a network here that is changed is another one.
import { graphHash } from '#core/graph/graph-hash.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { DescribedNetwork } from '#core/search-space/network/with-weights.ts';
import * as image from './image-networks.ts';
import * as other from './other-networks.ts';

export interface StandardNetwork {
  /** For people: `depthwise`. */
  readonly name: string;
  /** The network, to be given weights and measured. */
  describe(): DescribedNetwork;
}

/** In the order in which they are measured: those that tell most first. */
export const standardNetworks: readonly StandardNetwork[] = [
  { name: 'depthwise', describe: image.depthwiseNetwork },
  { name: 'residual', describe: image.residualNetwork },
  { name: 'cells', describe: image.cellNetwork },
  { name: 'gates', describe: image.gatedNetwork },
  { name: 'patches', describe: other.patchAttentionNetwork },
  { name: 'empty', describe: other.emptyNetwork },
  { name: 'groups', describe: image.groupedNetwork },
  { name: 'joined', describe: image.joinedNetwork },
  { name: 'large-maps', describe: image.largeMapNetwork },
  { name: 'vectors', describe: other.vectorNetwork },
  { name: 'windows', describe: image.wideWindowNetwork },
  { name: 'segmenting', describe: image.segmentingNetwork },
  { name: 'wide-depthwise', describe: image.wideDepthwiseNetwork },
  { name: 'detecting', describe: image.detectingNetwork },
  { name: 'sequence', describe: other.sequenceAttentionNetwork },
  { name: 'waves', describe: other.waveNetwork },
  { name: 'elementwise', describe: other.elementwiseNetwork },
];

export interface StandardGraph {
  readonly name: string;
  /** Hash of the graph (graph-hash.ts). */
  readonly id: string;
  readonly graph: OperatorGraph;
}

let graphs: readonly StandardGraph[] | undefined;

/** Their graphs, made once in a process. */
export function standardGraphs(): readonly StandardGraph[] {
  graphs ??= standardNetworks.map(({ name, describe }) => {
    const { graph } = describe();
    return { name, id: graphHash(graph), graph };
  });
  return graphs;
}
