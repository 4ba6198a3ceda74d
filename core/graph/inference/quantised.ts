// Quantised operators of the standard domain.
import { elementTypeOfNumber } from '../element-type-number.ts';
import { convolutionShape } from './convolution.ts';
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';
import { matrixProductShape } from './products.ts';

/** The zero point gives the type; without one it is `output_dtype` (opset 21), else uint8. */
function quantize(n: NodeContext): readonly Known[] {
  const stated = elementTypeOfNumber(n.int('output_dtype', 0));
  return [{ type: n.optional(2)?.type ?? stated ?? 'uint8', shape: n.shape(0) }];
}

/** The scale gives the type, unless `output_dtype` (opset 23) does. */
function dequantize(n: NodeContext): readonly Known[] {
  return [{ type: elementTypeOfNumber(n.int('output_dtype', 0)) ?? n.type(1), shape: n.shape(0) }];
}

function dynamicQuantize(n: NodeContext): readonly Known[] {
  return [
    { type: 'uint8', shape: n.shape(0) },
    { type: 'float32', shape: [] },
    { type: 'uint8', shape: [] },
  ];
}

export const quantisedRules: Readonly<Record<string, Rule>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  QLinearConv: (n) => [{ type: n.type(7), shape: convolutionShape(n, 0, 3) }],
  QLinearMatMul: (n) => [{ type: n.type(7), shape: matrixProductShape(n, n.shape(0), n.shape(3)) }],
  ConvInteger: (n) => [{ type: 'int32', shape: convolutionShape(n, 0, 1) }],
  MatMulInteger: (n) => [{ type: 'int32', shape: matrixProductShape(n, n.shape(0), n.shape(1)) }],
};
