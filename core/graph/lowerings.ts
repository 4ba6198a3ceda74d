// Lowerings as data: each imitates a kind of runtime as a list of passes, in the order in which it applies them. A new
// runtime is a new entry.

import { blockedLayout } from './passes/blocked-layout.ts';
import { dropIdentities } from './passes/drop-identities.ts';
import { expandHardSwish } from './passes/expand-functions.ts';
import { foldBatchNormalization, foldIntoConvolutions } from './passes/fold-batch-normalization.ts';
import { foldConstants } from './passes/fold-constants.ts';
import { fuseActivations } from './passes/fuse-activations.ts';
import { fuseGelu, fuseSelfGates } from './passes/fuse-gates.ts';
import { fuseLayerNormalization } from './passes/fuse-layer-normalization.ts';
import { fuseMatrixSums } from './passes/fuse-matrix-sums.ts';
import { fuseSkipNormalizations } from './passes/fuse-skip-normalizations.ts';
import { fuseBiases, fuseSums } from './passes/fuse-sums.ts';
import { mergeEqualNodes } from './passes/merge-equal-nodes.ts';
import { pruneZeros } from './passes/prune-zeros.ts';
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
  'fuse-matrix-sums': fuseMatrixSums,
  'fuse-skip-normalizations': fuseSkipNormalizations,
  'blocked-layout': blockedLayout,
} as const;

type Passes = typeof passes;
/** A pass's name, or its name and options. */
export type Step = {
  [K in keyof Passes]: Parameters<Passes[K]> extends [WorkingGraph] ? K : readonly [K, Parameters<Passes[K]>[1]];
}[keyof Passes];

export interface Lowering {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /** Operators that launch nothing: they give the same bytes another shape. */
  readonly free: readonly string[];
}

export function runStep(graph: WorkingGraph, step: Step): void {
  const [name, options] = typeof step === 'string' ? [step, undefined] : step;
  (passes[name] as (graph: WorkingGraph, options: unknown) => void)(graph, options);
}

const reshapes = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'];
const products = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'];
const simpleActivations = ['Relu', 'Clip', 'LeakyRelu', 'HardSwish', 'HardSigmoid', 'Sigmoid', 'Tanh', 'Silu', 'Gelu'];

const cleaned: readonly Step[] = ['fold-constants', 'drop-identities', 'remove-dead-nodes', 'merge-equal-nodes'];
/** What exporters write as several nodes and authors wrote as one. */
const written: readonly Step[] = ['fuse-layer-normalization', 'fuse-gelu', 'fuse-self-gates'];
const folded: readonly Step[] = [
  ...written,
  ['fold-batch-normalization', { into: ['Conv', 'ConvTranspose', 'Gemm'] }],
  'fuse-biases',
];
const fusable = [...products, 'BatchNormalization', 'Add'];

const required: readonly Step[] = ['expand-hard-swish'];
const basic: readonly Step[] = [
  ...required,
  ...cleaned,
  'fold-into-convolutions',
  ...cleaned,
  ['fuse-matrix-sums', { keepAttention: true }],
];
const extended: readonly Step[] = [
  ...basic,
  ['fuse-activations', { into: ['Gemm'], activations: ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu'] }],
  [
    'fuse-activations',
    { into: ['Conv'], activations: ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Clip', 'HardSigmoid'] },
  ],
  'fuse-gelu',
  'fuse-skip-normalizations',
  ['fuse-matrix-sums', { keepAttention: false }],
];

export const lowerings = [
  {
    id: 'eager',
    title:
      'Every operator is launched as its author wrote it, dead ones and products with zero too: PyTorch uncompiled',
    steps: ['fold-constants', 'drop-identities', ...written, 'fuse-biases'],
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
    steps: [...extended, ['blocked-layout', { block: 16 }], ['fuse-sums', { into: ['Conv'] }]],
    free: [],
  },
] as const satisfies readonly Lowering[];

export type LoweringId = (typeof lowerings)[number]['id'];
