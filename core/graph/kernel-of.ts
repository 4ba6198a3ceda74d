// A node of a lowered graph → the kernel that a runtime launches for it: kind, shapes, arithmetic and traffic.
import type { Kernel, KernelKind } from './kernel.ts';
import { bytesOfElement, type ElementType } from './operator-graph.ts';
import { elements, numberAttribute, numbersAttribute, type WorkingNode, type WorkingTensor } from './working-graph.ts';

const kindOfOperator: ReadonlyMap<string, KernelKind> = new Map([
  ...named('pool', 'MaxPool AveragePool LpPool QLinearAveragePool MaxUnpool MaxRoiPool RoiAlign'),
  ...named('reduction', 'GlobalAveragePool GlobalMaxPool GlobalLpPool QLinearGlobalAveragePool ReduceMean ReduceSum'),
  ...named('reduction', 'ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp'),
  ...named('reduction', 'ReduceSumSquare ArgMax ArgMin TopK CumSum'),
  ...named('sum', 'Add Sub Sum QLinearAdd BiasAdd'),
  ...named(
    'product',
    'Mul Div Pow Mod Where QLinearMul Min Max Equal Greater Less GreaterOrEqual LessOrEqual And Or Xor',
  ),
  ...named('activation', 'Relu Clip HardSwish Sigmoid HardSigmoid LeakyRelu PRelu Tanh Elu Selu Celu ThresholdedRelu'),
  ...named('activation', 'Softplus Softsign Mish Erf Gelu FastGelu BiasGelu QuickGelu Silu Swish Exp Log Sqrt Neg Abs'),
  ...named('activation', 'Reciprocal Floor Ceil Round Sign Sin Cos Tan Asin Acos Atan Sinh Cosh Not QLinearSigmoid'),
  ...named('activation', 'QLinearLeakyRelu Shrink IsNaN IsInf BitwiseNot'),
  ...named('softmax', 'Softmax LogSoftmax Hardmax QLinearSoftmax BiasSoftmax'),
  ...named('normalization', 'LayerNormalization SimplifiedLayerNormalization SkipLayerNormalization GroupNorm'),
  ...named('normalization', 'SkipSimplifiedLayerNormalization EmbedLayerNormalization InstanceNormalization'),
  ...named('normalization', 'GroupNormalization LpNormalization MeanVarianceNormalization RMSNormalization LRN'),
  ...named('batch-normalization', 'BatchNormalization'),
  ...named('concatenation', 'Concat QLinearConcat'),
  ...named('split', 'Split Slice'),
  ...named('transpose', 'Transpose DepthToSpace SpaceToDepth'),
  ...named('pad', 'Pad'),
  ...named('gather', 'Gather GatherElements GatherND Expand Tile ScatterND ScatterElements OneHot Compress Range'),
  ...named('resize', 'Resize Upsample GridSample'),
  ...named('reorder', 'ReorderInput ReorderOutput'),
  ...named('recurrent', 'LSTM GRU RNN DynamicQuantizeLSTM'),
  ...named('attention', 'QAttention GroupQueryAttention'),
  ...named('quantize', 'QuantizeLinear DequantizeLinear DynamicQuantizeLinear Cast CastLike'),
  ...named('view', 'Reshape Flatten Squeeze Unsqueeze Identity Dropout Shape Size'),
]);

/** The kind of an operator that has one whatever its shapes are; `other` of every other. */
export const kindNamed = (operator: string): KernelKind => kindOfOperator.get(operator) ?? 'other';

function named(kind: KernelKind, operators: string): [string, KernelKind][] {
  return operators.split(' ').map((operator) => [operator, kind]);
}

/** Operators whose last axis holds the channels, whatever the rank. */
const channelsLast = new Set(
  'MatMul FusedMatMul MatMulInteger QLinearMatMul LayerNormalization SimplifiedLayerNormalization Softmax'.split(' '),
);

const bytes = (tensor: WorkingTensor): number => elements(tensor.shape) * bytesOfElement[tensor.type];

interface Frame {
  readonly batch: number;
  readonly channels: number;
  readonly positions: number;
}

/** Reads a shape as batch × channels × positions. Rank 3 is taken as batch × tokens × channels, unless the operator
 * says that channels stand second. */
function frame(shape: readonly number[], last: boolean): Frame {
  if (shape.length < 2) return { batch: 1, channels: shape[0] ?? 1, positions: 1 };
  const batch = shape[0]!;
  const channels = last ? shape.at(-1)! : shape[1]!;
  return { batch, channels, positions: ratio(elements(shape), batch * channels) };
}

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

type Part = Partial<{ -readonly [K in keyof Kernel]: Kernel[K] }> & { kind: KernelKind };

/** Never throws and never skips: what it does not know is kind `other`, with its bytes. */
export function kernelOf(node: WorkingNode): Kernel {
  const data = node.inputs.filter((t): t is WorkingTensor => t !== undefined && !t.constant);
  const weights = node.inputs.filter((t): t is WorkingTensor => t?.constant === true && !isStructural(t));
  const output = node.outputs.find((t) => t !== undefined);
  const input = node.inputs[0] ?? data[0];
  const outputShape = output?.shape ?? [];
  const inputShape = input?.shape ?? outputShape;
  const part = partOf(node, inputShape, outputShape);
  const rank = Math.max(inputShape.length, outputShape.length);
  const last = channelsLast.has(node.operator) || rank <= 3;
  const from = frame(inputShape, last);
  const to = frame(outputShape, last);
  const moved = part.kind === 'view' ? 0 : 1;
  let weightBytes = 0;
  for (const weight of weights) weightBytes += bytes(weight);
  let inputBytes = 0;
  for (const tensor of data) inputBytes += bytes(tensor);
  let outputBytes = 0;
  for (const tensor of node.outputs) if (tensor) outputBytes += bytes(tensor);
  // A lookup reads the rows that it returns, not the table.
  if (part.kind === 'gather') {
    weightBytes = Math.min(weightBytes, outputBytes);
    inputBytes = Math.min(inputBytes, outputBytes);
  }
  return {
    operator: node.operator,
    type: computedIn(node, input, output),
    batch: to.batch,
    inputChannels: from.channels,
    outputChannels: to.channels,
    inputPositions: from.positions,
    outputPositions: to.positions,
    window: [1, 1],
    stride: 1,
    dilation: 1,
    groups: 1,
    macs: part.kind === 'view' ? 0 : elements(outputShape) * node.steps,
    weightBytes: weightBytes * moved,
    inputBytes: inputBytes * moved,
    outputBytes: outputBytes * moved,
    activation: node.activation,
    addends: node.addends,
    blocked: node.blocked,
    ...part,
  };
}

/** Integers that say what to do, not with what: axes, shapes, indices of a slice. */
function isStructural(tensor: WorkingTensor): boolean {
  return tensor.type === 'int64' || tensor.type === 'int32' || tensor.type === 'bool';
}

function computedIn(
  node: WorkingNode,
  input: WorkingTensor | undefined,
  output: WorkingTensor | undefined,
): ElementType {
  if (node.operator === 'QuantizeLinear' || node.operator === 'Gather') return output?.type ?? 'float32';
  return input?.type ?? output?.type ?? 'float32';
}

function partOf(node: WorkingNode, input: readonly number[], output: readonly number[]): Part {
  switch (node.operator) {
    case 'Conv':
    case 'FusedConv':
    case 'ConvInteger':
    case 'NhwcFusedConv':
      return convolution(node, input, output, node.inputs[1]);
    case 'QLinearConv':
      return convolution(node, input, output, node.inputs[3]);
    case 'ConvTranspose':
      return transposedConvolution(node, input, output);
    case 'Gemm':
    case 'FusedGemm':
    case 'MatMul':
    case 'FusedMatMul':
    case 'MatMulInteger':
    case 'MatMulIntegerToFloat':
    case 'DynamicQuantizeMatMul':
      return product(node, node.inputs[1], input, output);
    case 'QLinearMatMul':
      return product(node, node.inputs[3], input, output);
    case 'QGemm':
      return product(node, node.inputs[3], input, output);
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return recurrent(node, input, output);
    case 'ScaledDotProductAttention':
    case 'MultiHeadAttention':
    case 'Attention':
      return attention(node, input, output);
    case 'Einsum':
      return einsum(node, output);
  }
  const kind = kindNamed(node.operator);
  if (kind === 'pool') {
    const window = windowOf(numbersAttribute(node, 'kernel_shape') ?? []);
    return { ...spatial(node, window), kind, macs: elements(output) * window[0] * window[1], ...mapped(input, output) };
  }
  if (kind === 'reduction') return { kind, macs: elements(input) };
  if (kind === 'resize') return { kind, ...mapped(input, output) };
  return { kind };
}

/** Batch, channels and positions where channels stand second, also at rank 3. */
function mapped(input: readonly number[], output: readonly number[]): Partial<Kernel> {
  const from = frame(input, false);
  const to = frame(output, false);
  return {
    batch: to.batch,
    inputChannels: from.channels,
    outputChannels: to.channels,
    inputPositions: from.positions,
    outputPositions: to.positions,
  };
}

/** Height and width; a sequence has height 1, a volume's depth counts as height. */
function windowOf(kernel: readonly number[]): [number, number] {
  if (kernel.length === 0) return [1, 1];
  return [elements(kernel.slice(0, -1)), kernel.at(-1)!];
}

function spatial(node: WorkingNode, window: readonly [number, number]): Partial<Kernel> {
  return {
    window,
    stride: Math.max(1, ...(numbersAttribute(node, 'strides') ?? [])),
    dilation: Math.max(1, ...(numbersAttribute(node, 'dilations') ?? [])),
  };
}

function convolution(
  node: WorkingNode,
  input: readonly number[],
  output: readonly number[],
  weight: WorkingTensor | undefined,
): Part {
  const groups = numberAttribute(node, 'group', 1);
  const shape = weight?.shape ?? [];
  const window = windowOf(shape.slice(2));
  const kind = groups === 1 ? 'convolution' : shape[1] === 1 ? 'depthwise-convolution' : 'grouped-convolution';
  const macs = elements(output) * elements(shape.slice(1));
  return { ...spatial(node, window), ...mapped(input, output), kind, groups, macs };
}

function transposedConvolution(node: WorkingNode, input: readonly number[], output: readonly number[]): Part {
  const shape = node.inputs[1]?.shape ?? [];
  const window = windowOf(shape.slice(2));
  const macs = elements(input) * elements(shape.slice(1));
  return {
    ...spatial(node, window),
    ...mapped(input, output),
    kind: 'transposed-convolution',
    groups: numberAttribute(node, 'group', 1),
    macs,
  };
}

/** Matrix products: channels are what is summed over and what comes out, positions the rows of one matrix, groups the
 * matrices of one image (heads of an attention). */
function product(
  node: WorkingNode,
  weight: WorkingTensor | undefined,
  input: readonly number[],
  output: readonly number[],
): Part {
  const transposed = numberAttribute(node, 'transA', 0) !== 0;
  const summed = (transposed ? input.at(-2) : input.at(-1)) ?? 1;
  const columns = output.at(-1) ?? 1;
  const rows = output.length > 1 ? output.at(-2)! : 1;
  const fixed = weight?.constant === true;
  const matrices = elements(output.slice(0, -2));
  const batch = output.length === 2 ? rows : (output[0] ?? 1);
  const positions = output.length === 2 ? 1 : fixed ? ratio(elements(output), batch * columns) : rows;
  return {
    kind: fixed ? 'fully-connected' : 'batched-product',
    batch,
    inputChannels: summed,
    outputChannels: columns,
    inputPositions: positions,
    outputPositions: positions,
    groups: fixed || output.length === 2 ? 1 : ratio(matrices, batch),
    macs: elements(output) * summed,
  };
}

function recurrent(node: WorkingNode, input: readonly number[], output: readonly number[]): Part {
  const [steps = 1, batch = 1, channels = 1] = numberAttribute(node, 'layout', 0) === 1 ? swap(input) : input;
  const weights = elements(node.inputs[1]?.shape ?? []) + elements(node.inputs[2]?.shape ?? []);
  return {
    kind: 'recurrent',
    batch,
    inputChannels: channels,
    outputChannels: output.at(-1) ?? 1,
    inputPositions: steps,
    outputPositions: steps,
    macs: steps * batch * weights,
  };
}

const swap = ([a = 1, b = 1, ...rest]: readonly number[]): readonly number[] => [b, a, ...rest];

/** Queries, keys and values as [batch, heads, tokens, width] or [batch, tokens, heads · width]; `Attention` of ONNX
 * Runtime's own domain makes them of its input and packed weights itself. */
function attention(node: WorkingNode, input: readonly number[], output: readonly number[]): Part {
  const tokens = input.at(-2) ?? 1;
  const packed = node.domain === 'com.microsoft' && node.operator === 'Attention';
  const keys = packed ? tokens : numberAttribute(node, 'keys', node.inputs[1]?.shape.at(-2) ?? tokens);
  const projected = packed ? elements(input) * (node.inputs[1]?.shape.at(-1) ?? 0) : 0;
  const scores = packed ? elements(output) : elements(input);
  const batch = input[0] ?? 1;
  return {
    kind: 'attention',
    batch,
    inputChannels: input.at(-1) ?? 1,
    outputChannels: output.at(-1) ?? 1,
    inputPositions: keys,
    outputPositions: tokens,
    groups:
      input.length === 4 ? input[1]! : numberAttribute(node, 'num_heads', numberAttribute(node, 'q_num_heads', 1)),
    macs: projected + keys * (scores + elements(output)),
  };
}

/** Counts one multiply-accumulate for each combination of the equation's letters. */
function einsum(node: WorkingNode, output: readonly number[]): Part {
  const equation = String(node.attributes['equation'] ?? '').replaceAll(' ', '');
  const sizes = new Map<string, number>();
  for (const [i, term] of (equation.split('->')[0] ?? '').split(',').entries()) {
    for (const [k, letter] of [...term.replace('...', '')].entries()) {
      const size = node.inputs[i]?.shape[k];
      if (size !== undefined) sizes.set(letter, size);
    }
  }
  const macs = sizes.size === 0 ? elements(output) : elements([...sizes.values()]);
  return { kind: 'batched-product', macs };
}
