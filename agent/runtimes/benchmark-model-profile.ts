// Reads the table that TensorFlow Lite's benchmark_model prints with --enable_op_profiling: every node in the order in
// which it is run. Total. Source: tensorflow/core/util/stats_calculator.cc; columns came and went (`[start]`), and what
// [avg ms] is of changed, so that the share is read from `[%]`.
import type { TimedKernel } from '#core/dataset/kernel-times/kernel-times.ts';
import { writeKernelWord } from '#core/dataset/kernel-times/kernel-word.ts';
import type { KernelKind } from '#core/graph/kernel.ts';

const tableBegin = /Operator-wise Profiling Info for Regular Benchmark Runs/;

/** @returns undefined where the text has no such table */
export function parseBenchmarkProfile(text: string): { runs: number | null; kernels: TimedKernel[] } | undefined {
  const lines = text.split(/\r?\n/);
  const begin = lines.findLastIndex((line) => tableBegin.test(line));
  const order = begin < 0 ? -1 : lines.findIndex((line, i) => i > begin && /=+ Run Order =+/.test(line));
  if (order < 0) return undefined;
  const kernels: TimedKernel[] = [];
  for (const line of lines.slice(order + 2)) {
    const [, type, share] = /^\s*(\S.*?)(?:\s+[\d.]+){2,3}\s+([\d.]+)%\s+[\d.]+%\s/.exec(line) ?? [];
    if (type === undefined) break;
    kernels.push({ word: wordOf(type), time: Number(share) });
  }
  const counted = Number(/\(microseconds\): count=(\d+)/.exec(lines.slice(order).join('\n'))?.[1] ?? 0);
  return kernels.length === 0 ? undefined : { runs: counted > 0 ? counted : null, kernels };
}

/** What is read, for messages. */
export const expectedBenchmarkProfile =
  "a table 'Run Order' below 'Operator-wise Profiling Info for Regular Benchmark Runs'";

const kinds: Readonly<Record<string, KernelKind>> = {
  CONV_2D: 'convolution',
  DEPTHWISE_CONV_2D: 'depthwise-convolution',
  TRANSPOSE_CONV: 'transposed-convolution',
  FULLY_CONNECTED: 'fully-connected',
  BATCH_MATMUL: 'batched-product',
  AVERAGE_POOL_2D: 'pool',
  MAX_POOL_2D: 'pool',
  MEAN: 'reduction',
  SUM: 'reduction',
  REDUCE_MAX: 'reduction',
  ADD: 'sum',
  SUB: 'sum',
  MUL: 'product',
  DIV: 'product',
  RELU: 'activation',
  RELU6: 'activation',
  HARD_SWISH: 'activation',
  LOGISTIC: 'activation',
  TANH: 'activation',
  GELU: 'activation',
  PRELU: 'activation',
  SOFTMAX: 'softmax',
  CONCATENATION: 'concatenation',
  SPLIT: 'split',
  STRIDED_SLICE: 'split',
  SLICE: 'split',
  TRANSPOSE: 'transpose',
  PAD: 'pad',
  MIRROR_PAD: 'pad',
  GATHER: 'gather',
  RESIZE_BILINEAR: 'resize',
  RESIZE_NEAREST_NEIGHBOR: 'resize',
  QUANTIZE: 'quantize',
  DEQUANTIZE: 'quantize',
  CAST: 'quantize',
  RESHAPE: 'view',
  SQUEEZE: 'view',
  EXPAND_DIMS: 'view',
};

/** XNNPACK's names, such as `Convolution (NHWC, F32) GEMM`: a product of matrices is a convolution of 1 × 1. */
const xnnpackKinds: readonly (readonly [RegExp, string])[] = [
  [/^Convolution .*DWConv/, 'depthwise-convolution'],
  [/^Convolution .* GEMM/, writeKernelWord({ kind: 'convolution', window: [1, 1] })],
  [/^Convolution/, 'convolution'],
  [/^Deconvolution/, 'transposed-convolution'],
  [/^Fully Connected/, 'fully-connected'],
  [/^Batch Matrix Multiply/, 'batched-product'],
  [/^(Average|Max) Pooling/, 'pool'],
  [/^(Global (Average|Sum) Pooling|Mean|Sum|Reduce)/, 'reduction'],
  [/^(Add|Subtract|Sub)\b/, 'sum'],
  [/^(Multiply|Mul|Divide|Div|Maximum|Minimum)\b/, 'product'],
  [/^(Clamp|HardSwish|Sigmoid|ELU|Leaky ReLU|PReLU|TanH|Tanh|GELU|Abs|Negate|Square)/, 'activation'],
  [/^Softmax/, 'softmax'],
  [/^(Transpose|Depth To Space|Space To Depth)/, 'transpose'],
  [/^(Constant Pad)/, 'pad'],
  [/^(Concatenate)/, 'concatenation'],
  [/^(Even Split|Slice|Static Slice|Split)/, 'split'],
  [/^(Resize)/, 'resize'],
  [/^(Convert)/, 'quantize'],
  [/^(Copy|Reshape)/, 'view'],
];

const wordOf = (type: string): string =>
  kinds[type] ?? xnnpackKinds.find(([pattern]) => pattern.test(type))?.[1] ?? 'other';
