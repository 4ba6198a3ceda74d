import type { ElementType } from '#core/graph/operator-graph.ts';

/** TensorProto.DataType of what the networks here are made of. */
export const dataTypes: Partial<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};
