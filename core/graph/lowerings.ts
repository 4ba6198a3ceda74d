// Lowerings as data: each imitates a kind of runtime as a list of passes, in the order in which it applies them. A new
// runtime is a new entry.

import { blockedLayout } from './passes/blocked-layout.ts';
import { dropIdentities } from './passes/drop-identities.ts';
import { expandHardSwish } from './passes/expand-functions.ts';
import { foldBatchNormalization, foldIntoConvolutions } from './passes/fold-batch-normalization.ts';
import { foldConstants } from './passes/fold-constants.ts';
import { fuseActivations } from './passes/fuse-activations.ts';
import { fuseGelu, fuseSelfGates } from './passes/fuse-gates.ts';
import { fuseScalesIntoProducts, fuseTransposesIntoProducts } from './passes/fuse-into-products.ts';
import { fuseLayerNormalization } from './passes/fuse-layer-normalization.ts';
import { fuseMatrixSums } from './passes/fuse-matrix-sums.ts';
import { fusePads } from './passes/fuse-pads.ts';
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

export interface Lowering {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /** Operators that launch nothing: they give the same bytes another shape. */
  readonly free: readonly string[];
}

const mostRounds = 10;

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

const reshapes = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'];
const products = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'];
const simpleActivations = ['Relu', 'Clip', 'LeakyRelu', 'HardSwish', 'HardSigmoid', 'Sigmoid', 'Tanh', 'Silu', 'Gelu'];

const dropped: Step = ['drop-identities', { byKindOnly: false }];
const cleaned: readonly Step[] = ['fold-constants', dropped, 'remove-dead-nodes', 'merge-equal-nodes'];
/** What exporters write as several nodes and authors wrote as one. */
const written: readonly Step[] = [
  'fuse-layer-normalization',
  ['fuse-gelu', { notBehindProducts: false }],
  'fuse-self-gates',
];
const folded: readonly Step[] = [
  ...written,
  ['fold-batch-normalization', { into: ['Conv', 'ConvTranspose', 'Gemm'] }],
  'fuse-biases',
];
const fusable = [...products, 'BatchNormalization', 'Add'];

const required: readonly Step[] = ['expand-hard-swish'];
const basic: readonly Step[] = [
  ...required,
  {
    repeat: [
      ['drop-identities', { byKindOnly: true }],
      'fold-into-convolutions',
      'fuse-pads',
      'remove-dead-nodes',
      'merge-equal-nodes',
      'fold-constants',
      ['fuse-matrix-sums', { keepAttention: true }],
      'fuse-reshapes',
      'push-transposes',
    ],
  },
];
const extended: readonly Step[] = [
  ...basic,
  'push-transposes',
  {
    repeat: [
      ['fuse-activations', { into: ['Gemm'], activations: ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu'] }],
      [
        'fuse-activations',
        { into: ['Conv'], activations: ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Clip', 'HardSigmoid'] },
      ],
      ['fuse-gelu', { notBehindProducts: true }],
      'fuse-splits',
      'fuse-transposes-into-products',
      'fuse-skip-normalizations',
      'fuse-quick-gelu',
      'fuse-scales-into-products',
      ['fuse-matrix-sums', { keepAttention: false }],
    ],
  },
];

export const lowerings = [
  {
    id: 'eager',
    title:
      'Every operator is launched as its author wrote it, dead ones and products with zero too: PyTorch uncompiled',
    steps: ['fold-constants', dropped, ...written, 'fuse-biases'],
    free: [...reshapes, 'Split', 'Slice', 'Expand'],
  },
  {
    id: 'fused',
    title: 'Equal nodes merged, batch normalisation folded, biases and activations fused; sums stand alone',
    steps: [...cleaned, ...folded, ['fuse-activations', { into: fusable, activations: simpleActivations }]],
    free: reshapes,
  },
  {
    id: 'pruned',
    title: 'What is multiplied by zero is dropped with all that hangs on it, simple activations fused: TFLite on a CPU',
    steps: [
      'prune-zeros',
      ...cleaned,
      ...folded,
      ['fuse-activations', { into: fusable, activations: ['Relu', 'Clip'] }],
    ],
    free: reshapes,
  },
  {
    id: 'pruned-sums',
    title: 'As pruned, with every activation and the sum of a shortcut fused too: TFLite on a GPU',
    steps: [
      'prune-zeros',
      ...cleaned,
      ...folded,
      ['fuse-sums', { into: products }],
      ['fuse-activations', { into: fusable, activations: simpleActivations }],
    ],
    free: reshapes,
  },
  { id: 'onnxruntime-disabled', title: 'ONNX Runtime without optimisation', steps: required, free: [] },
  { id: 'onnxruntime-basic', title: 'ONNX Runtime, basic', steps: basic, free: [] },
  { id: 'onnxruntime-extended', title: 'ONNX Runtime, extended', steps: extended, free: [] },
  {
    id: 'onnxruntime-all',
    title: 'ONNX Runtime with all optimisations on a CPU with AVX-512',
    steps: [...extended, ['blocked-layout', { block: 16 }], ['fuse-sums', { into: ['Conv'], rank: 4 }]],
    free: [],
  },
] as const satisfies readonly Lowering[];

export type LoweringId = (typeof lowerings)[number]['id'];
