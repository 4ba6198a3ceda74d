// Builds an ONNX graph with static shapes. Every tensor remembers its parents and how a gradient flows back to them
// (its vector-Jacobian product), so gradient.ts can append the backward pass as ordinary nodes.
import {
  bytesOf,
  type DataType,
  type Dimension,
  elementCount,
  type GraphDef,
  type Initializer,
  type NodeAttribute,
  type NodeDef,
  type ValueDef,
} from './model.ts';

export type Shape = readonly number[];

/** Gradient of a loss with respect to each parent, given the gradient `d` with respect to this tensor. `wanted[i]` is
 * false where parent i leads to nothing that is differentiated: the answer may then be null. */
export type VectorJacobian = (d: Tensor, wanted: readonly boolean[]) => readonly (Tensor | null)[];

export interface Tensor {
  readonly name: string;
  readonly shape: Shape;
  readonly dataType: DataType;
  readonly graph: GraphBuilder;
  readonly parents: readonly Tensor[];
  readonly vectorJacobian: VectorJacobian | undefined;
}

export interface AppendOptions {
  readonly attributes?: Readonly<Record<string, NodeAttribute>>;
  readonly dataType?: DataType;
  readonly domain?: string;
  /** Further inputs that carry no gradient (axes, shapes, bounds). */
  readonly constants?: readonly Tensor[];
  readonly vectorJacobian?: VectorJacobian;
}

export class GraphBuilder {
  readonly #nodes: NodeDef[] = [];
  readonly #inputs: ValueDef[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #outputs: { tensor: Tensor; name: string; shape: readonly Dimension[] }[] = [];
  readonly #shared = new Map<string, Tensor>();
  #count = 0;

  /** Appends a node with one output. */
  node(operator: string, parents: readonly Tensor[], shape: Shape, options: AppendOptions = {}): Tensor {
    const name = `${operator}_${this.#count++}`;
    this.#nodes.push({
      operator,
      inputs: [...parents, ...(options.constants ?? [])].map((t) => t.name),
      outputs: [name],
      ...(options.domain === undefined ? {} : { domain: options.domain }),
      ...(options.attributes === undefined ? {} : { attributes: options.attributes }),
    });
    const dataType = options.dataType ?? parents[0]?.dataType ?? 'float32';
    return { name, shape, dataType, graph: this, parents, vectorJacobian: options.vectorJacobian };
  }

  /** `declared`: the shape that the file states, where it differs (a dimension known only at run time). */
  input(name: string, shape: Shape, dataType: DataType = 'float32', declared: readonly Dimension[] = shape): Tensor {
    this.#inputs.push({ name, dataType, shape: declared });
    return this.#leaf(name, shape, dataType);
  }

  constant(data: Float32Array | Float64Array | BigInt64Array, shape: Shape): Tensor {
    if (data.length !== elementCount(shape)) throw new RangeError(`${data.length} values for shape [${shape}]`);
    const name = `constant_${this.#count++}`;
    const dataType =
      data instanceof Float32Array ? 'float32' : data instanceof Float64Array ? 'float64' : ('int64' as const);
    this.#initializers.push({ name, dataType, shape, bytes: bytesOf(data) });
    return this.#leaf(name, shape, dataType);
  }

  /** A scalar, shared between its uses. */
  scalar(value: number, dataType: DataType = 'float32'): Tensor {
    return this.#once(`${dataType} ${value}`, () =>
      this.constant(dataType === 'float64' ? Float64Array.of(value) : Float32Array.of(value), []),
    );
  }

  integers(values: readonly number[]): Tensor {
    return this.#once(`int64 [${values}]`, () => this.constant(BigInt64Array.from(values, BigInt), [values.length]));
  }

  output(tensor: Tensor, name: string, declared: readonly Dimension[] = tensor.shape): void {
    this.#outputs.push({ tensor, name, shape: declared });
  }

  /** The graph with every node that leads to an output; the others (left over by differentiation) are dropped. */
  build(name: string): GraphDef {
    const identities = this.#outputs.map(
      ({ tensor, name: output }): NodeDef => ({ operator: 'Identity', inputs: [tensor.name], outputs: [output] }),
    );
    const nodes = withoutDeadNodes([...this.#nodes, ...identities], new Set(this.#outputs.map((o) => o.name)));
    const used = new Set(nodes.flatMap((n) => n.inputs));
    return {
      name,
      nodes,
      inputs: this.#inputs,
      outputs: this.#outputs.map((o) => ({ name: o.name, dataType: o.tensor.dataType, shape: o.shape })),
      initializers: this.#initializers.filter((i) => used.has(i.name)),
    };
  }

  #once(key: string, make: () => Tensor): Tensor {
    const known = this.#shared.get(key);
    if (known) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }

  #leaf(name: string, shape: Shape, dataType: DataType): Tensor {
    return { name, shape, dataType, graph: this, parents: [], vectorJacobian: undefined };
  }
}

function withoutDeadNodes(nodes: readonly NodeDef[], outputs: ReadonlySet<string>): NodeDef[] {
  const live = new Set(outputs);
  const kept: NodeDef[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((o) => live.has(o))) continue;
    kept.push(node);
    for (const input of node.inputs) live.add(input);
  }
  return kept.reverse();
}
