// ONNX's numbers of element types (TensorProto.DataType in onnx.proto3): as `Cast`'s attribute `to` and the files give
// them.
import type { ElementType } from './operator-graph.ts';

const byNumber: readonly (ElementType | undefined)[] = [
  undefined,
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  undefined,
  undefined,
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
];

/** Undefined for numbers of no type here (complex ones, types of 4 and 2 bits that no runtime of ours has). */
export function elementTypeOfNumber(number: number): ElementType | undefined {
  return byNumber[number];
}

const floats: ReadonlySet<ElementType> = new Set([
  'float32',
  'float16',
  'bfloat16',
  'float64',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
]);

/** Whether elements of a type are floating-point numbers. */
export function isFloat(type: ElementType): boolean {
  return floats.has(type);
}
