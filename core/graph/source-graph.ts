// A graph as a file states it, before shapes are known: nodes may carry small tensors and bodies as attributes,
// dimensions may be names, and tensors between nodes may be declared or not.
import type { ConstantTensor, ElementType, OperatorNode, Tensor } from './operator-graph.ts';

/** A small tensor that is an attribute. */
export type TensorAttribute = Omit<ConstantTensor, 'name'>;

export interface SourceConstant extends ConstantTensor {
  /** Its values are in another file, which is never opened. */
  readonly external?: boolean;
  /** The file states it and has no values of it, nor says where they are. */
  readonly missing?: boolean;
}

export interface SourceNode extends OperatorNode {
  readonly tensors?: Readonly<Record<string, TensorAttribute>>;
  /** Version of the standard domain, where it is not the graph's (nodes out of a function). */
  readonly opset?: number;
  /** Bodies of control flow, by the attribute's name. */
  readonly bodies?: Readonly<Record<string, SourceGraph>>;
}

export interface SourceGraph {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
  readonly constants: readonly SourceConstant[];
  /** Each node after those that make its inputs. */
  readonly nodes: readonly SourceNode[];
  /** What the file says of tensors between nodes, where it says all of it. Asked only where a rule cannot tell. */
  readonly declared: ReadonlyMap<string, { readonly type: ElementType; readonly shape: readonly number[] }>;
}
