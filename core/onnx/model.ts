// An ONNX model as plain data: what writer.ts encodes and graph.ts builds. Only the parts of the format that a
// computation graph needs (onnx.proto3, IR version 8; https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).

export type DataType = 'float32' | 'float64' | 'int64' | 'int32' | 'bool';

/** A dimension: fixed, or the name of one that is known only at run time. */
export type Dimension = number | string;

export interface TensorData {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  /** Little-endian, row-major bytes (TensorProto.raw_data). */
  readonly bytes: Uint8Array;
}

export type NodeAttribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly tensor: TensorData }
  | { readonly graph: GraphDef };

export interface NodeDef {
  readonly operator: string;
  /** Empty for the standard operators, `com.microsoft` for ONNX Runtime's own. */
  readonly domain?: string;
  /** An empty name is an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, NodeAttribute>>;
}

export interface ValueDef {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly Dimension[];
}

export interface Initializer extends TensorData {
  readonly name: string;
}

export interface GraphDef {
  readonly name: string;
  readonly nodes: readonly NodeDef[];
  readonly inputs: readonly ValueDef[];
  readonly outputs: readonly ValueDef[];
  readonly initializers: readonly Initializer[];
}

/** Number of elements of a tensor of this shape; 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, d) => product * d, 1);

/** A typed array's own bytes (no copy). Every platform that Node runs on is little-endian. */
export const bytesOf = (array: Float32Array | Float64Array | Int32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
