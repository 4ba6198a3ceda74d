// Lowerings as data: each imitates a kind of runtime as a list of passes, in the order in which it applies them. A new
// runtime is a new entry (docs/kernel-graph.md).
import type { Step } from './steps.ts';

export interface Lowering {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /** Operators that launch nothing: they give the same bytes another shape. */
  readonly free: readonly string[];
}

const reshapes = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'];
const products = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'];
const simpleActivations = ['Relu', 'Clip', 'LeakyRelu', 'HardSwish', 'HardSigmoid', 'Sigmoid', 'Tanh', 'Silu', 'Gelu'];

const dropped: Step = ['drop-identities', { byKindOnly: false }];
const cleaned: readonly Step[] = [
  'fuse-quantization',
  'fold-constants',
  dropped,
  'remove-dead-nodes',
  'merge-equal-nodes',
];
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
const activated: Step = [
  'fuse-activations',
  { into: ['Conv'], activations: ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Clip', 'HardSigmoid'] },
];
const extended: readonly Step[] = [
  ...basic,
  'fuse-quantization',
  'fuse-packed-attention',
  'push-transposes',
  {
    repeat: [
      ['fuse-activations', { into: ['Gemm'], activations: ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu'] }],
      activated,
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

const sums: readonly Step[] = [['fuse-sums', { into: ['Conv'], rank: 4 }], activated];

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
      ['prune-zeros', { products: 'seen-through' }],
      ...cleaned,
      ...folded,
      ['fuse-activations', { into: fusable, activations: ['Relu', 'Clip'] }],
    ],
    free: reshapes,
  },
  {
    id: 'folded-zeros',
    title: 'As pruned, but what computes on zeros is run, and products with zero fold into convolutions: TFLite, newer',
    steps: [
      ...cleaned,
      ...folded,
      'merge-equal-nodes',
      ['prune-zeros', { products: 'folded' }],
      'remove-dead-nodes',
      ['fuse-activations', { into: fusable, activations: ['Relu', 'Clip'] }],
    ],
    free: reshapes,
  },
  {
    id: 'pruned-sums',
    title: 'As pruned, with every activation and the sum of a shortcut fused too: TFLite on a GPU',
    steps: [
      ['prune-zeros', { products: 'seen-through' }],
      ...cleaned,
      ...folded,
      ['fuse-sums', { into: products }],
      ['fuse-activations', { into: fusable, activations: simpleActivations }],
    ],
    free: reshapes,
  },
  {
    id: 'compiled',
    title: 'Sums, activations and attention fused, elementwise chains are one loop: graph compilers such as TensorRT',
    steps: [
      ...cleaned,
      ...folded,
      'fuse-attention',
      ['fuse-sums', { into: products }],
      ['fuse-activations', { into: [...products, 'BatchNormalization'], activations: simpleActivations }],
      'fuse-elementwise',
    ],
    free: reshapes,
  },
  { id: 'onnxruntime-disabled', title: 'ONNX Runtime, optimisation level `disabled`', steps: required, free: [] },
  { id: 'onnxruntime-basic', title: 'ONNX Runtime, optimisation level `basic`', steps: basic, free: [] },
  { id: 'onnxruntime-extended', title: 'ONNX Runtime, optimisation level `extended`', steps: extended, free: [] },
  {
    id: 'onnxruntime-all',
    title: 'ONNX Runtime, optimisation level `all`, on a CPU with AVX-512: channels in blocks of 16',
    steps: [...extended, ['blocked-layout', { block: 16 }], ...sums],
    free: [],
  },
  {
    id: 'onnxruntime-all-avx2',
    title: 'ONNX Runtime, optimisation level `all`, on a CPU with AVX2: channels in blocks of 8',
    steps: [...extended, ['blocked-layout', { block: 8 }], ...sums],
    free: [],
  },
  {
    id: 'onnxruntime-all-plain',
    title: 'ONNX Runtime, optimisation level `all`, where it has no blocked layouts',
    steps: [...extended, ...sums],
    free: [],
  },
] as const satisfies readonly Lowering[];

export type LoweringId = (typeof lowerings)[number]['id'];

export const loweringIds = lowerings.map(({ id }) => id) as [LoweringId, ...LoweringId[]];
