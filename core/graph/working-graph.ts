// An operator graph that passes can change: nodes and tensors that know each other. Passes remove, replace and fuse
// nodes; what is left is turned into kernels. Every node remembers the nodes of the operator graph that it stands for.
import { isNamesake } from './inference/rules.ts';
import type { Attribute, ElementType, OperatorGraph } from './operator-graph.ts';

export interface WorkingTensor {
  /** Unlike any other tensor's of this graph. */
  readonly id: number;
  readonly name: string;
  type: ElementType;
  shape: readonly number[];
  /** Known before anything runs: a weight, or made of weights alone. */
  constant: boolean;
  values: readonly number[] | undefined;
  /** By a pass. */
  readonly made: boolean;
  /** The graph returns it. */
  output: boolean;
  /** Channels in blocks (see passes/blocked-layout.ts). */
  blocked: boolean;
  producer: WorkingNode | undefined;
  readonly consumers: Consumers;
}

export interface WorkingNode {
  operator: string;
  domain: string;
  /** undefined: an optional input that is left out. */
  inputs: (WorkingTensor | undefined)[];
  outputs: (WorkingTensor | undefined)[];
  attributes: Readonly<Record<string, Attribute>>;
  /** Indices of nodes of the operator graph. */
  sources: number[];
  /** Operator of an activation that runs inside this node. */
  activation: string | undefined;
  /** Tensors added to the result inside this node. */
  addends: number;
  blocked: boolean;
  /** Elementwise operations that it does one after another. */
  steps: number;
  removed: boolean;
}

/** The nodes that read a tensor, in the order in which they began to. A tensor of a hostile graph has hundreds of
 * thousands of uses: none is looked for among the others. */
export class Consumers implements Iterable<WorkingNode> {
  readonly #uses = new Map<WorkingNode, number>();
  #count = 0;

  /** A node that reads the tensor twice counts twice. */
  get uses(): number {
    return this.#count;
  }

  /** Each node once. */
  [Symbol.iterator](): MapIterator<WorkingNode> {
    return this.#uses.keys();
  }

  add(node: WorkingNode): void {
    this.#uses.set(node, (this.#uses.get(node) ?? 0) + 1);
    this.#count++;
  }

  /** One use less; nothing where there is none. */
  drop(node: WorkingNode): void {
    const uses = this.#uses.get(node);
    if (uses === undefined) return;
    if (uses === 1) this.#uses.delete(node);
    else this.#uses.set(node, uses - 1);
    this.#count--;
  }
}

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly sources: readonly number[];
}

export class WorkingGraph {
  /** In an order in which inputs are made before they are read; may hold removed nodes until `compact`. */
  nodes: WorkingNode[] = [];
  readonly outputs: WorkingTensor[] = [];
  readonly opset: number;
  #tensors = 0;
  /** Grows with every change: tells whether a pass did anything. */
  changes = 0;

  constructor(graph: OperatorGraph) {
    this.opset = graph.opset;
    const tensors = new Map<string, WorkingTensor>();
    for (const { name, type, shape } of graph.inputs) tensors.set(name, this.tensor(type, shape, name));
    for (const { name, type, shape, values } of graph.constants) {
      const tensor = this.tensor(type, shape, name);
      tensor.constant = true;
      tensor.values = values;
      tensors.set(name, tensor);
    }
    for (const { name, type, shape } of graph.tensors) tensors.set(name, this.tensor(type, shape, name));
    const named = (name: string): WorkingTensor | undefined => {
      if (name === '') return undefined;
      let tensor = tensors.get(name);
      if (tensor === undefined) {
        // Only second outputs that nobody reads have no recorded shape.
        tensor = this.tensor('float32', [], name);
        tensors.set(name, tensor);
      }
      return tensor;
    };
    for (const [index, node] of graph.nodes.entries()) {
      const inputs = node.inputs.map(named);
      const outputs = node.outputs.map(named);
      this.#attach({
        // No pass takes a namesake for the operator that it looks for.
        operator: isNamesake(node.operator, node.domain)
          ? `${node.domain || 'ai.onnx'}:${node.operator}`
          : node.operator,
        domain: node.domain === undefined || node.domain === 'ai.onnx' ? '' : node.domain,
        inputs,
        outputs,
        attributes: node.attributes,
        sources: [index],
        activation: undefined,
        addends: 0,
        blocked: false,
        steps: 1,
        removed: false,
      });
    }
    for (const name of graph.outputs) {
      const tensor = named(name);
      if (tensor === undefined) continue;
      tensor.output = true;
      this.outputs.push(tensor);
    }
  }

  #attach(node: WorkingNode): void {
    for (const input of node.inputs) input?.consumers.add(node);
    for (const output of node.outputs) if (output) output.producer = node;
    this.nodes.push(node);
  }

  tensor(type: ElementType, shape: readonly number[], name?: string): WorkingTensor {
    return {
      id: this.#tensors++,
      name: name ?? '',
      made: name === undefined,
      type,
      shape,
      constant: false,
      values: undefined,
      output: false,
      blocked: false,
      producer: undefined,
      consumers: new Consumers(),
    };
  }

  /** Integers that a pass makes: the shape of a reshape, for one. */
  constant(values: readonly number[]): WorkingTensor {
    const tensor = this.tensor('int64', [values.length]);
    tensor.constant = true;
    tensor.values = values;
    return tensor;
  }

  /** Appends a node; `sort` puts it where it belongs. */
  add(
    operator: string,
    inputs: (WorkingTensor | undefined)[],
    outputs: (WorkingTensor | undefined)[],
    options: NodeOptions,
  ): WorkingNode {
    const node: WorkingNode = {
      operator,
      domain: options.domain ?? '',
      inputs,
      outputs,
      attributes: options.attributes ?? {},
      sources: [...options.sources],
      activation: undefined,
      addends: 0,
      blocked: false,
      steps: 1,
      removed: false,
    };
    this.#attach(node);
    return node;
  }

  remove(node: WorkingNode): void {
    if (node.removed) return;
    this.changes++;
    node.removed = true;
    for (const input of node.inputs) input?.consumers.drop(node);
    for (const output of node.outputs) if (output?.producer === node) output.producer = undefined;
  }

  setInput(node: WorkingNode, index: number, tensor: WorkingTensor | undefined): void {
    const old = node.inputs[index];
    if (old === tensor) return;
    this.changes++;
    old?.consumers.drop(node);
    node.inputs[index] = tensor;
    tensor?.consumers.add(node);
  }

  /** Who reads `from` reads `to`. */
  replaceUses(from: WorkingTensor, to: WorkingTensor): void {
    for (const consumer of [...from.consumers]) {
      for (let i = 0; i < consumer.inputs.length; i++) if (consumer.inputs[i] === from) this.setInput(consumer, i, to);
    }
  }

  /** Gives an output to another node: the former maker keeps nothing. */
  takeOutput(node: WorkingNode, index: number, tensor: WorkingTensor): void {
    node.outputs[index] = tensor;
    tensor.producer = node;
  }

  /** Removes a node that passes its input on. Where the graph returns its output, the input's maker must be able to
   * make that output instead. @returns whether it could be removed */
  bypass(node: WorkingNode, input: WorkingTensor): boolean {
    const output = node.outputs[0]!;
    if (output.output) {
      const maker = input.producer;
      if (maker === undefined || input.output || input.consumers.uses !== 1) return false;
      this.remove(node);
      this.takeOutput(maker, maker.outputs.indexOf(input), output);
      return true;
    }
    this.remove(node);
    this.replaceUses(output, input);
    return true;
  }

  /** Forgets removed nodes. */
  compact(): void {
    this.nodes = this.nodes.filter((node) => !node.removed);
  }

  /** Depth-first order from the outputs backwards, so that appended nodes stand where their inputs are made. */
  sort(): void {
    this.compact();
    const done = new Set<WorkingNode>();
    const sorted: WorkingNode[] = [];
    const stack: WorkingNode[] = [];
    for (const root of this.nodes) {
      stack.push(root);
      while (stack.length > 0) {
        const node = stack.at(-1)!;
        if (done.has(node)) {
          stack.pop();
          continue;
        }
        const waiting = node.inputs.find((input) => input?.producer && !done.has(input.producer));
        if (waiting) {
          stack.push(waiting.producer!);
          continue;
        }
        stack.pop();
        done.add(node);
        sorted.push(node);
      }
    }
    this.nodes = sorted;
  }
}

/** The one node that reads a tensor, once; undefined where there are more, or the graph returns it. */
export function soleConsumer(tensor: WorkingTensor | undefined): WorkingNode | undefined {
  if (tensor === undefined || tensor.output || tensor.consumers.uses !== 1) return undefined;
  const [consumer] = tensor.consumers;
  return consumer;
}

/** A constant of one element: its value. */
export function scalarValue(tensor: WorkingTensor | undefined): number | undefined {
  return tensor?.constant && tensor.values?.length === 1 ? tensor.values[0] : undefined;
}

/** Number of elements of a tensor of this shape; 1 for a scalar. */
export const elements = (shape: readonly number[]): number => shape.reduce((product, d) => product * d, 1);

/** Whether two shapes are equal, axis by axis. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** An attribute that is one number; `otherwise` where it is absent or something else. */
export function numberAttribute(node: WorkingNode, name: string, otherwise: number): number {
  const value = node.attributes[name];
  return typeof value === 'number' ? value : otherwise;
}

/** An attribute that is a list of numbers; undefined where it is absent, empty or something else. */
export function numbersAttribute(node: WorkingNode, name: string): readonly number[] | undefined {
  const value = node.attributes[name];
  return Array.isArray(value) && typeof value[0] === 'number' ? (value as readonly number[]) : undefined;
}
