// Every pass by its name, and how a list of them is run over a graph.
import { blockedLayout } from './passes/blocked-layout.ts';
import { dropIdentities } from './passes/drop-identities.ts';
import { expandHardSwish } from './passes/expand-functions.ts';
import { foldBatchNormalization, foldIntoConvolutions } from './passes/fold-batch-normalization.ts';
import { foldConstants } from './passes/fold-constants.ts';
import { fuseActivations } from './passes/fuse-activations.ts';
import { fuseAttention } from './passes/fuse-attention.ts';
import { fuseElementwise } from './passes/fuse-elementwise.ts';
import { fuseGelu, fuseSelfGates } from './passes/fuse-gates.ts';
import { fuseScalesIntoProducts, fuseTransposesIntoProducts } from './passes/fuse-into-products.ts';
import { fuseLayerNormalization } from './passes/fuse-layer-normalization.ts';
import { fuseMatrixSums } from './passes/fuse-matrix-sums.ts';
import { fusePackedAttention } from './passes/fuse-packed-attention.ts';
import { fusePads } from './passes/fuse-pads.ts';
import { fuseQuantization } from './passes/fuse-quantization.ts';
import { fuseQuickGelu } from './passes/fuse-quick-gelu.ts';
import { fuseReshapes } from './passes/fuse-reshapes.ts';
import { fuseSkipNormalizations } from './passes/fuse-skip-normalizations.ts';
import { fuseSplits } from './passes/fuse-splits.ts';
import { fuseBiases, fuseSums } from './passes/fuse-sums.ts';
import { mergeEqualNodes } from './passes/merge-equal-nodes.ts';
import { pruneZeros } from './passes/prune-zeros.ts';
import { pushTransposes } from './passes/push-transposes.ts';
import { removeDeadNodes } from './passes/remove-dead-nodes.ts';
import type { WorkingGraph } from './working-graph.ts';

/** Passes by name. Those that take options say so in the step. */
const passes = {
  'remove-dead-nodes': removeDeadNodes,
  'fold-constants': foldConstants,
  'drop-identities': dropIdentities,
  'merge-equal-nodes': mergeEqualNodes,
  'fold-batch-normalization': foldBatchNormalization,
  'fuse-self-gates': fuseSelfGates,
  'fuse-gelu': fuseGelu,
  'fuse-layer-normalization': fuseLayerNormalization,
  'fuse-biases': fuseBiases,
  'fuse-activations': fuseActivations,
  'fuse-sums': fuseSums,
  'prune-zeros': pruneZeros,
  'expand-hard-swish': expandHardSwish,
  'fold-into-convolutions': foldIntoConvolutions,
  'fuse-attention': fuseAttention,
  'fuse-elementwise': fuseElementwise,
  'fuse-packed-attention': fusePackedAttention,
  'fuse-quantization': fuseQuantization,
  'fuse-pads': fusePads,
  'fuse-quick-gelu': fuseQuickGelu,
  'fuse-splits': fuseSplits,
  'fuse-transposes-into-products': fuseTransposesIntoProducts,
  'fuse-scales-into-products': fuseScalesIntoProducts,
  'fuse-reshapes': fuseReshapes,
  'push-transposes': pushTransposes,
  'fuse-matrix-sums': fuseMatrixSums,
  'fuse-skip-normalizations': fuseSkipNormalizations,
  'blocked-layout': blockedLayout,
} as const;

type Passes = typeof passes;
/** A pass's name, or its name and options. */
export type Step =
  | {
      [K in keyof Passes]: Parameters<Passes[K]> extends [WorkingGraph] ? K : readonly [K, Parameters<Passes[K]>[1]];
    }[keyof Passes]
  /** Again and again, until nothing changes any more. */
  | { readonly repeat: readonly Step[] };

const mostRounds = 10;

/** Runs the passes of a lowering on a graph, in their order; the graph is changed. */
export function runSteps(graph: WorkingGraph, steps: readonly Step[]): void {
  for (const step of steps) runStep(graph, step);
}

function runStep(graph: WorkingGraph, step: Step): void {
  if (typeof step === 'object' && 'repeat' in step) {
    for (let round = 0; round < mostRounds; round++) {
      const before = graph.changes;
      runSteps(graph, step.repeat);
      if (graph.changes === before) break;
    }
    return;
  }
  const [name, options] = typeof step === 'string' ? [step, undefined] : step;
  (passes[name] as (graph: WorkingGraph, options: unknown) => void)(graph, options);
}
