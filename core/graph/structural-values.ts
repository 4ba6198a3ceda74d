// Which values of a constant belong to the structure of a graph, and which are weights that it must not carry.
import { isFloat } from './element-type-number.ts';
import { elementCount } from './inference/known.ts';
import { type ConstantTensor, mostConstantValues, type OperatorNode } from './operator-graph.ts';

const largestFloat = 3.4028234663852886e38;

/** Inputs that are learned or calibrated, from the first such place on, whatever their size. */
const learnedFrom: ReadonlyMap<string, number> = new Map(
  Object.entries({
    BatchNormalization: 1,
    Conv: 1,
    ConvInteger: 1,
    ConvTranspose: 1,
    DeformConv: 1,
    DequantizeLinear: 0,
    FusedConv: 1,
    FusedGemm: 1,
    GRU: 1,
    Gemm: 1,
    GroupNormalization: 1,
    InstanceNormalization: 1,
    LSTM: 1,
    LayerNormalization: 1,
    MatMulInteger: 1,
    PRelu: 1,
    QGemm: 0,
    QLinearAdd: 0,
    QLinearAveragePool: 0,
    QLinearConcat: 0,
    QLinearConv: 0,
    QLinearGlobalAveragePool: 0,
    QLinearLeakyRelu: 0,
    QLinearMatMul: 0,
    QLinearMul: 0,
    QLinearSigmoid: 0,
    QLinearSoftmax: 0,
    QuantizeLinear: 1,
    RMSNormalization: 1,
    RNN: 1,
    SimplifiedLayerNormalization: 1,
    SkipLayerNormalization: 2,
    SkipSimplifiedLayerNormalization: 2,
  }),
);

/** Lists of floats that shape the graph. */
const floatLists: ReadonlyMap<string, readonly number[]> = new Map([
  ['Resize', [1, 2]],
  ['Upsample', [1]],
]);

/** Keeps of every constant the values that shape the graph, and of each only what some node uses so. */
export function withStructuralValues(
  constants: readonly ConstantTensor[],
  nodes: readonly OperatorNode[],
): readonly ConstantTensor[] {
  const listUses = new Set<string>();
  const uses = new Set<string>();
  for (const { operator, inputs } of nodes) {
    inputs.forEach((name, index) => {
      if (index < (learnedFrom.get(operator) ?? Number.POSITIVE_INFINITY)) uses.add(name);
      if (floatLists.get(operator)?.includes(index)) listUses.add(name);
    });
  }
  return constants.map(({ name, type, shape, values }) => {
    const one = elementCount(shape) === 1;
    // Whole numbers of a byte or less are quantised weights.
    const structural =
      one || type === 'bool' || type === 'int64' || type === 'int32' || (isFloat(type) && listUses.has(name));
    const kept = values !== undefined && values.length <= mostConstantValues && structural && uses.has(name);
    return kept ? { name, type, shape, values: values.map(finite) } : { name, type, shape };
  });
}

/** A value as JSON can hold it. */
export function finite(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-largestFloat, Math.min(largestFloat, value));
}
