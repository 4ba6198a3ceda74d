// Model-local functions (FunctionProto): a node that calls one is replaced by the function's nodes.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { FileAttribute, FileFunction, FileGraph, FileModel, FileNode } from './file-model.ts';
import { limits } from './limits.ts';
import { tooLarge } from './wire-cursor.ts';

/** The model's graph without calls. Tensors inside a call get a prefix of their own.
 * @throws DomainError `unsupported-model` where calls nest deeper or give more nodes than the limits allow */
export function inlineFunctions({ graph, functions }: FileModel): FileGraph {
  if (functions.length === 0) return graph;
  return new Inliner(functions).graph(graph, 0);
}

function keyOf({ domain, overload }: FileNode | FileFunction, name: string): string {
  return JSON.stringify([domain, name, overload]);
}

class Inliner {
  readonly #functions: ReadonlyMap<string, FileFunction>;
  #calls = 0;
  /** What was looked at: it bounds functions that call functions that call functions. */
  #nodes = 0;
  #parts = 0;

  constructor(functions: readonly FileFunction[]) {
    this.#functions = new Map(functions.map((f) => [keyOf(f, f.name), f]));
  }

  graph(graph: FileGraph, depth: number): FileGraph {
    const nodes: FileNode[] = [];
    for (const node of graph.nodes) this.#node(node, depth, nodes);
    return { ...graph, nodes };
  }

  #node(node: FileNode, depth: number, into: FileNode[]): void {
    this.#count(1, node.inputs.length + node.outputs.length + node.attributes.length);
    const called = this.#functions.get(keyOf(node, node.operator));
    if (called) {
      if (depth >= limits.depth) tooLarge(`functions nested deeper than ${limits.depth}, at ${quoteText(called.name)}`);
      this.#expand(node, called, depth + 1, into);
      return;
    }
    if (node.attributes.every((a) => a.body === undefined)) into.push(node);
    else {
      const attributes = node.attributes.map((a) => (a.body ? { ...a, body: this.graph(a.body, depth) } : a));
      into.push({ ...node, attributes });
    }
  }

  #expand(call: FileNode, called: FileFunction, depth: number, into: FileNode[]): void {
    const prefix = `${++this.#calls}/`;
    const names = new Map<string, string>([['', '']]);
    for (const [i, name] of called.inputs.entries()) names.set(name, call.inputs[i] ?? '');
    if (call.inputs.length > called.inputs.length || call.outputs.length > called.outputs.length) {
      throw new DomainError('invalid-model', `a call of function ${quoteText(called.name)} has tensors too many`);
    }
    const copies: FileNode[] = [];
    called.outputs.forEach((name, i) => {
      const wanted = call.outputs[i] ?? '';
      if (wanted === '') return;
      const known = names.get(name);
      if (known === undefined) names.set(name, wanted);
      // An input that is returned as it is, or one tensor returned twice.
      else copies.push(identity(known, wanted));
    });
    const substitute = new Substitution(prefix, names, call, called, (nodes, parts) => this.#count(nodes, parts));
    for (const node of called.nodes) this.#node(substitute.node(node), depth, into);
    into.push(...copies);
  }

  #count(nodes: number, parts: number): void {
    this.#nodes += nodes;
    this.#parts += parts;
    if (this.#nodes > limits.nodes) tooLarge(`more than ${limits.nodes} nodes with those of its functions`);
    if (this.#parts > limits.inlined) tooLarge(`more than ${limits.inlined} tensors with those of its functions`);
  }
}

function identity(from: string, to: string): FileNode {
  return { operator: 'Identity', domain: '', overload: '', name: '', inputs: [from], outputs: [to], attributes: [] };
}

/** A function's nodes with the caller's tensors and attributes in place of its own. */
class Substitution {
  readonly #prefix: string;
  readonly #names: Map<string, string>;
  readonly #call: FileNode;
  readonly #called: FileFunction;
  readonly #count: (nodes: number, parts: number) => void;

  constructor(
    prefix: string,
    names: Map<string, string>,
    call: FileNode,
    called: FileFunction,
    count: (nodes: number, parts: number) => void,
  ) {
    this.#prefix = prefix;
    this.#names = names;
    this.#call = call;
    this.#called = called;
    this.#count = count;
  }

  node(node: FileNode): FileNode {
    const { opset } = this.#called;
    return {
      ...node,
      name: [this.#call.name, node.name]
        .filter((n) => n !== '')
        .join('/')
        .slice(0, limits.name),
      inputs: node.inputs.map((n) => this.#name(n)),
      outputs: node.outputs.map((n) => this.#name(n)),
      attributes: node.attributes.flatMap((a) => this.#attribute(a)),
      ...(opset === undefined ? {} : { opset }),
    };
  }

  #name(name: string): string {
    return this.#names.get(name) ?? this.#prefix + name;
  }

  #attribute(attribute: FileAttribute): FileAttribute[] {
    const { name, reference, body } = attribute;
    if (body) return [{ name, body: this.#body(body) }];
    if (reference === undefined) return [attribute];
    const given =
      this.#call.attributes.find((a) => a.name === reference) ??
      this.#called.defaults.find((a) => a.name === reference);
    return given ? [{ ...given, name }] : [];
  }

  /** Whatever a body names is the function's: functions see nothing of their callers. */
  #body(body: FileGraph): FileGraph {
    const tensors = body.nodes.reduce((sum, n) => sum + n.inputs.length + n.outputs.length + n.attributes.length, 0);
    this.#count(body.nodes.length, tensors + body.constants.length + body.values.length + body.outputs.length);
    const named = <T extends { readonly name: string }>(list: readonly T[]): T[] =>
      list.map((item) => ({ ...item, name: this.#name(item.name) }));
    return {
      name: body.name,
      nodes: body.nodes.map((n) => this.node(n)),
      constants: named(body.constants),
      inputs: named(body.inputs),
      outputs: named(body.outputs),
      values: named(body.values),
    };
  }
}
