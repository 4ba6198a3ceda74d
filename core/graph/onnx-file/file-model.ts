// An ONNX file as it was read (onnx.proto3): numbers of types, names of dimensions, functions not yet inlined. Weights
// were skipped.
import type { Attribute } from '../operator-graph.ts';
import type { SourceConstant, TensorAttribute } from '../source-graph.ts';

export interface FileAttribute {
  readonly name: string;
  /** One of these is there; none where the attribute is of a kind that no operator here has. */
  readonly value?: Attribute;
  readonly tensor?: TensorAttribute;
  readonly body?: FileGraph;
  /** Inside a function: the attribute of the function that gives the value. */
  readonly reference?: string;
}

export interface FileNode {
  readonly operator: string;
  readonly domain: string;
  readonly overload: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly FileAttribute[];
  /** Version of the standard domain, where a function has its own. */
  readonly opset?: number;
}

export type FileDimension = number | string | undefined;

export interface FileValue {
  readonly name: string;
  /** Number of the element type; undefined: no tensor (a sequence, a map, an optional value), or no type at all. */
  readonly elementType: number | undefined;
  /** Undefined: not even the number of axes is known. */
  readonly shape: readonly FileDimension[] | undefined;
}

export interface FileGraph {
  readonly name: string;
  readonly nodes: readonly FileNode[];
  readonly constants: readonly SourceConstant[];
  readonly inputs: readonly FileValue[];
  readonly outputs: readonly FileValue[];
  readonly values: readonly FileValue[];
}

export interface FileFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that have a value where a node gives none. */
  readonly defaults: readonly FileAttribute[];
  readonly nodes: readonly FileNode[];
  readonly opset: number | undefined;
}

export interface FileModel {
  readonly graph: FileGraph;
  /** Version of the standard domain. */
  readonly opset: number | undefined;
  readonly functions: readonly FileFunction[];
}
