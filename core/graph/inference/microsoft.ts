// Operators of ONNX Runtime's own domain, `com.microsoft` (its docs/ContribOperators.md): what its optimiser and its
// exporters for transformers and quantised networks write.
import { broadcastShape } from './broadcast.ts';
import { convolutionShape, globallyPooledShape, pooledShape } from './convolution.ts';
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';
import { layerNormalization } from './normalisation.ts';
import { gemm, matrixProductShape, transposedLast } from './products.ts';

const like: Rule = (n) => [{ type: n.type(0), shape: n.shape(0) }];

/** Inputs 0 and `second` broadcast together: between them stand a scale and a zero point. */
const quantisedSum =
  (second: number): Rule =>
  (n) => [{ type: n.type(0), shape: broadcastShape(n, [n.shape(0), n.shape(second)]) }];

function fusedMatrixProduct(n: NodeContext): readonly Known[] {
  if (n.int('transBatchA', 0) !== 0 || n.int('transBatchB', 0) !== 0) n.refuse('transposed batches');
  const a = transposedLast(n.shape(0), n.int('transA', 0) !== 0);
  const b = transposedLast(n.shape(1), n.int('transB', 0) !== 0);
  return [{ type: n.type(0), shape: matrixProductShape(n, a, b) }];
}

/** Input and skip are added, normalised, and the sum may be written as the fourth output. */
function skipNormalization(n: NodeContext): readonly Known[] {
  const { type, shape } = n.input(0);
  const statistic: Known = { type: 'float32', shape: [...shape.slice(0, -1), 1] };
  return [{ type, shape }, statistic, statistic, { type, shape }];
}

/** (ids, segments, word, position, segment embeddings, …): [batch, length, hidden] and one index an example. */
function embedNormalization(n: NodeContext): readonly Known[] {
  const ids = n.shapeOfRank(0, 2, 2);
  const embedded: Known = { type: n.type(2), shape: [...ids, n.shapeOfRank(2, 2, 2)[1]!] };
  return [embedded, { type: 'int32', shape: [ids[0]!] }, embedded];
}

/** Packed: input [batch, length, hidden], weights [hidden, queries + keys + values]; past is [2, batch, heads, …]. */
function packedAttention(n: NodeContext): readonly Known[] {
  const x = n.shapeOfRank(0, 3, 3);
  const columns = n.shapeOfRank(1, 2, 2)[1]!;
  const sizes = n.ints('qkv_hidden_sizes');
  const width = sizes?.[2] ?? columns / 3;
  const heads = n.requiredInt('num_heads');
  const past = n.optional(4)?.shape[3] ?? 0;
  const present: Known = { type: n.type(0), shape: [2, x[0]!, heads, x[1]! + past, width / heads] };
  return [{ type: n.type(0), shape: [x[0]!, x[1]!, width] }, present];
}

function multiHeadAttention(n: NodeContext): readonly Known[] {
  const query = n.shapeOfRank(0, 3, 5);
  const heads = n.requiredInt('num_heads');
  const type = n.type(0);
  // Packed queries, keys and values: [batch, length, heads, 3, width].
  if (query.length === 5) return [{ type, shape: [query[0]!, query[1]!, heads * query[4]!] }];
  const value = n.optional(2)?.shape;
  if (query.length !== 3 || value === undefined) n.refuse('packed keys and values');
  const [length, width] = value.length === 4 ? [value[2]!, value[3]!] : [value[1]!, value[2]! / heads];
  const total = length + (n.optional(6)?.shape[2] ?? 0);
  return [
    { type, shape: [query[0]!, query[1]!, heads * width] },
    { type, shape: [query[0]!, heads, total, query[2]! / heads] },
    { type, shape: [query[0]!, heads, total, width] },
  ];
}

/** The past is a buffer of the full length where its length does not grow. */
function groupedAttention(n: NodeContext): readonly Known[] {
  const query = n.shapeOfRank(0, 3, 3);
  const heads = n.requiredInt('num_heads');
  const groups = n.requiredInt('kv_num_heads');
  const packed = !n.has(1);
  const hidden = packed ? (query[2]! * heads) / (heads + 2 * groups) : query[2]!;
  const past = n.optional(3)?.shape;
  if (past === undefined) n.refuse('its present keys are as long as its data says');
  const total = past[2]! + query[1]!;
  const present: Known = { type: n.type(0), shape: [query[0]!, groups, total, hidden / heads] };
  return [{ type: n.type(0), shape: [query[0]!, query[1]!, hidden] }, present, present];
}

function matrixProductOfBits(n: NodeContext): readonly Known[] {
  return [{ type: n.type(0), shape: [...n.shapeOfRank(0, 1).slice(0, -1), n.requiredInt('N')] }];
}

function quantisedConcat(n: NodeContext): readonly Known[] {
  // (scale, zero point of the output, then three inputs a part)
  const parts = n.inputs().flatMap((input, k) => (k >= 2 && (k - 2) % 3 === 0 ? [input.shape] : []));
  const first = parts[0] ?? n.wrong('it joins nothing');
  const axis = n.axis(n.requiredInt('axis'), first.length);
  if (parts.some((p) => p.length !== first.length)) n.wrong('it joins tensors of different ranks');
  return [
    {
      type: n.type(2),
      shape: first.with(
        axis,
        parts.reduce((sum, p) => sum + p[axis]!, 0),
      ),
    },
  ];
}

const rules: Readonly<Record<string, Rule>> = {
  Gelu: like,
  FastGelu: like,
  QuickGelu: like,
  BiasGelu: like,
  BiasSoftmax: like,
  BiasDropout: like,
  BiasAdd: like,
  BiasSplitGelu: (n) => {
    const x = n.shapeOfRank(0, 3, 3);
    return [{ type: n.type(0), shape: [x[0]!, x[1]!, x[2]! / 2] }];
  },
  GroupNorm: like,
  RotaryEmbedding: like,
  LayerNormalization: layerNormalization('float32'),
  SimplifiedLayerNormalization: layerNormalization('float32'),
  SkipLayerNormalization: skipNormalization,
  SkipSimplifiedLayerNormalization: skipNormalization,
  EmbedLayerNormalization: embedNormalization,
  Attention: packedAttention,
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupedAttention,
  FusedMatMul: fusedMatrixProduct,
  TransposeMatMul: fusedMatrixProduct,
  FusedGemm: gemm,
  FusedConv: (n) => [{ type: n.type(0), shape: convolutionShape(n, 0, 1) }],
  MatMulNBits: matrixProductOfBits,
  MatMulBnb4: matrixProductOfBits,
  Inverse: like,
  QLinearAdd: quantisedSum(3),
  QLinearMul: quantisedSum(3),
  QLinearSigmoid: like,
  QLinearLeakyRelu: like,
  QLinearSoftmax: like,
  QLinearConcat: quantisedConcat,
  QLinearAveragePool: (n) => [{ type: n.type(0), shape: pooledShape(n) }],
  QLinearGlobalAveragePool: (n) => [{ type: n.type(0), shape: globallyPooledShape(n) }],
  QuantizeLinear: (n) => [{ type: n.optional(2)?.type ?? 'uint8', shape: n.shape(0) }],
  DequantizeLinear: (n) => [{ type: n.type(1), shape: n.shape(0) }],
  DynamicQuantizeMatMul: (n) => [{ type: 'float32', shape: matrixProductShape(n, n.shape(0), n.shape(1)) }],
  MatMulIntegerToFloat: (n) => [{ type: n.type(2), shape: matrixProductShape(n, n.shape(0), n.shape(1)) }],
  QGemm: (n) => {
    const a = transposedLast(n.shapeOfRank(0, 2, 2), n.int('transA', 0) !== 0);
    const b = transposedLast(n.shapeOfRank(3, 2, 2), n.int('transB', 0) !== 0);
    return [{ type: n.optional(8)?.type ?? 'float32', shape: matrixProductShape(n, a, b) }];
  },
};

export const microsoftRules: Readonly<Record<string, Rule>> = Object.fromEntries(
  Object.entries(rules).map(([operator, rule]) => [`com.microsoft:${operator}`, rule]),
);
