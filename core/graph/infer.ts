// Follows shapes, types and small values through a graph, node by node, and inlines the branch of an `If` whose
// condition is a known value. The rules of the operators stand in inference/.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { elementCount, type Known } from './inference/known.ts';
import { NodeContext, placeOf, type ValueBudget } from './inference/node-context.ts';
import { isStandardDomain, ruleOf } from './inference/rules.ts';
import type { SourceGraph, SourceNode } from './source-graph.ts';

/** Values that all rules of one graph may compute together. */
const mostValuesComputed = 4_000_000;
const mostAxes = 32;
const largestDimension = 2 ** 31 - 1;
/** Elements of one tensor: a terabyte of bytes is no tensor. */
const mostElements = 2 ** 40;

export interface Inferred {
  /** Nodes in order, with the branches that are taken in place of each `If`. */
  readonly nodes: readonly SourceNode[];
  readonly known: ReadonlyMap<string, Known>;
}

/** Names inside a branch → names in the whole; names of the enclosing graph stand for themselves. */
type Scope = ReadonlyMap<string, string>;

class Inference {
  readonly nodes: SourceNode[] = [];
  readonly known = new Map<string, Known>();
  readonly #opset: number;
  #branches = 0;
  readonly #budget: ValueBudget = { elements: mostValuesComputed };

  constructor(opset: number) {
    this.#opset = opset;
  }

  leaves(graph: SourceGraph, scope: Scope): void {
    for (const input of graph.inputs) this.#define(named(input.name, scope), input, `input ${quoteText(input.name)}`);
    for (const constant of graph.constants) {
      this.#define(named(constant.name, scope), constant, `constant ${quoteText(constant.name)}`);
    }
  }

  run(graph: SourceGraph, scope: Scope): void {
    for (const node of graph.nodes) this.#visit(graph, scope, node);
  }

  #visit(graph: SourceGraph, scope: Scope, source: SourceNode): void {
    const place = placeOf(source, this.nodes.length);
    if (source.operator === 'If' && isStandardDomain(source.domain) && this.#branch(source, scope, place)) return;
    const node =
      scope.size === 0
        ? source
        : {
            ...source,
            inputs: source.inputs.map((name) => named(name, scope)),
            outputs: source.outputs.map((name) => named(name, scope)),
          };
    const results = this.#results(graph, source, node, place);
    node.outputs.forEach((name, index) => {
      if (name === '') return;
      const result = results[index];
      if (result === undefined) throw new DomainError('invalid-model', `${place}: it has no output ${index}`);
      this.#define(name, result, place);
    });
    this.nodes.push(node);
  }

  #results(graph: SourceGraph, source: SourceNode, node: SourceNode, place: string): readonly Known[] {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : this.#input(name, place)));
    const rule = ruleOf(node.operator, node.domain);
    try {
      if (rule) return rule(new NodeContext(node, node.opset ?? this.#opset, inputs, this.#budget, place));
      throw new DomainError('unsupported-model', `${place}: this operator is not known, and neither are its shapes`);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'unsupported-model' || source.bodies) throw error;
      // The file may say what no rule can.
      const declared = source.outputs.map((name) => (name === '' ? undefined : graph.declared.get(name)));
      if (declared.some((d, i) => d === undefined && source.outputs[i] !== '')) throw error;
      return declared.map((d) => d ?? { type: 'float32', shape: [] });
    }
  }

  /** Runs the branch of an `If` that its condition takes. False where that is not known. */
  #branch(node: SourceNode, scope: Scope, place: string): boolean {
    const condition = this.#input(named(node.inputs[0] ?? '', scope), place).values?.[0];
    const taken = condition === undefined ? undefined : node.bodies?.[condition === 0 ? 'else_branch' : 'then_branch'];
    if (taken === undefined) return false;
    if (taken.outputs.length < node.outputs.length) {
      throw new DomainError('invalid-model', `${place}: its branch has ${taken.outputs.length} outputs`);
    }
    // What the branch makes gets names of its own; its outputs get those of the node.
    const inner = new Map(scope);
    const made = [...taken.constants.map((c) => c.name), ...taken.nodes.flatMap((n) => n.outputs)];
    const prefix = `branch${++this.#branches}/`;
    for (const name of made) if (name !== '') inner.set(name, this.#fresh(prefix + name));
    this.leaves(taken, inner);
    this.run(taken, inner);
    node.outputs.forEach((name, index) => {
      if (name === '') return;
      const from = named(taken.outputs[index]!, inner);
      const result = this.#input(from, place);
      this.nodes.push({ operator: 'Identity', inputs: [from], outputs: [named(name, scope)], attributes: {} });
      this.#define(named(name, scope), result, place);
    });
    return true;
  }

  #fresh(name: string): string {
    let fresh = name;
    for (let k = 2; this.known.has(fresh); k++) fresh = `${name}#${k}`;
    return fresh;
  }

  #input(name: string, place: string): Known {
    const known = this.known.get(name);
    if (known) return known;
    throw new DomainError('invalid-model', `${place}: its input ${quoteText(name)} is made by nothing before it`);
  }

  #define(name: string, tensor: Known, place: string): void {
    const { type, shape, values, external } = tensor;
    if (this.known.has(name)) throw new DomainError('invalid-model', `${place}: ${quoteText(name)} is made twice`);
    if (shape.length > mostAxes) throw new DomainError('invalid-model', `${place}: a tensor of ${shape.length} axes`);
    if (shape.some((d) => !Number.isInteger(d) || d < 0 || d > largestDimension)) {
      throw new DomainError('invalid-model', `${place}: a tensor of shape [${shape}]`);
    }
    if (elementCount(shape) > mostElements) {
      throw new DomainError('unsupported-model', `${place}: a tensor of shape [${shape}] is larger than any memory`);
    }
    this.known.set(name, {
      type,
      shape,
      ...(values === undefined ? {} : { values }),
      ...(external === undefined ? {} : { external }),
    });
  }
}

function named(name: string, scope: Scope): string {
  return scope.get(name) ?? name;
}

/** Shapes, types and small values of everything in the graph.
 * @throws DomainError `unsupported-model` where a shape cannot be known, `invalid-model` where the graph contradicts
 * itself; both name node, operator and reason. */
export function infer(graph: SourceGraph, opset: number): Inferred {
  const inference = new Inference(opset);
  const scope: Scope = new Map();
  inference.leaves(graph, scope);
  inference.run(graph, scope);
  for (const output of graph.outputs) {
    if (!inference.known.has(output)) {
      throw new DomainError('invalid-model', `output ${quoteText(output)} is made by nothing`);
    }
  }
  return inference;
}
