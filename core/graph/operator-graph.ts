// An operator graph: what a network computes, without its weights. Kinds, attributes, tensor shapes and element types,
// in ONNX's own words (operator names, attributes and semantics of the `ai.onnx` domain unless a node says otherwise).
// It is what is predicted, hashed, sent over the wire and lowered to kernels; nothing in it can carry weights.

export const elementTypes = [
  'float32',
  'float16',
  'bfloat16',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'int4',
  'uint4',
  'bool',
  'string',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
] as const;
export type ElementType = (typeof elementTypes)[number];

/** Bytes of one element in memory; sub-byte types count a half. */
export const bytesOfElement: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  int4: 0.5,
  uint4: 0.5,
  bool: 1,
  string: 16,
  float8e4m3fn: 1,
  float8e4m3fnuz: 1,
  float8e5m2: 1,
  float8e5m2fnuz: 1,
};

export interface Tensor {
  readonly name: string;
  readonly type: ElementType;
  /** Every dimension known; [] is a scalar. */
  readonly shape: readonly number[];
}

/** A tensor that the file holds (ONNX: initializer or the value of a Constant). */
export interface ConstantTensor extends Tensor {
  /** Row-major values where they shape the graph: integers, booleans and scalars of at most `mostConstantValues`.
   * Weights have none. Integers outside ±2^53 are clipped to it, infinities of floats to ±3.4028234663852886e38. */
  readonly values?: readonly number[];
}

/** More values than this are weights, and are not kept. */
export const mostConstantValues = 64;

export type Attribute = number | string | readonly number[] | readonly string[];

export interface OperatorNode {
  /** ONNX's operator name: `Conv`, `MatMul`, `LayerNormalization`, … */
  readonly operator: string;
  /** Absent: `ai.onnx`. */
  readonly domain?: string;
  /** The author's name of the node, where there is one: says the place in the network. */
  readonly name?: string;
  /** Names of tensors; '' where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface OperatorGraph {
  readonly name: string;
  /** Version of the `ai.onnx` domain. */
  readonly opset: number;
  readonly inputs: readonly Tensor[];
  /** Names of tensors. */
  readonly outputs: readonly string[];
  readonly constants: readonly ConstantTensor[];
  /** In an order in which each node's inputs are made before it. */
  readonly nodes: readonly OperatorNode[];
  /** Shape and type of every node's outputs. */
  readonly tensors: readonly Tensor[];
}
