// One node under inference: what a rule may ask of it. Answers are checked here, so that a rule reads like the
// operator's specification, and every refusal names the node, the operator and the reason.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { ElementType } from '../operator-graph.ts';
import type { SourceNode, TensorAttribute } from '../source-graph.ts';
import { elementCount, type Known, mostKnownValues } from './known.ts';

/** Shapes (and types) of the outputs, in order; outputs beyond them, if the node names any, are refused. */
export type Rule = (node: NodeContext) => readonly Known[];

/** Work left for values: rules compute none when it is spent, so that a hostile graph cannot buy much with few
 * bytes. */
export interface ValueBudget {
  elements: number;
}

export class NodeContext {
  readonly node: SourceNode;
  readonly opset: number;
  readonly #place: string;
  readonly #inputs: readonly (Known | undefined)[];
  readonly #budget: ValueBudget;

  constructor(
    node: SourceNode,
    opset: number,
    inputs: readonly (Known | undefined)[],
    budget: ValueBudget,
    place: string,
  ) {
    this.node = node;
    this.opset = opset;
    this.#inputs = inputs;
    this.#budget = budget;
    this.#place = place;
  }

  get inputCount(): number {
    return this.#inputs.length;
  }

  get outputCount(): number {
    return this.node.outputs.length;
  }

  has(index: number): boolean {
    return this.#inputs[index] !== undefined;
  }

  optional(index: number): Known | undefined {
    return this.#inputs[index];
  }

  input(index: number): Known {
    return this.#inputs[index] ?? this.wrong(`input ${index} is missing`);
  }

  /** Every input that is there. */
  inputs(): readonly Known[] {
    return this.#inputs.filter((i) => i !== undefined);
  }

  shape(index: number): readonly number[] {
    return this.input(index).shape;
  }

  /** The shape of an input that has at least `rank` axes. */
  shapeOfRank(index: number, atLeast: number, atMost = Number.POSITIVE_INFINITY): readonly number[] {
    const { shape } = this.input(index);
    if (shape.length < atLeast || shape.length > atMost) {
      const wanted = atLeast === atMost ? `${atLeast}` : `${atLeast} or more`;
      this.wrong(`input ${index} has ${shape.length} axes, not ${wanted}`);
    }
    return shape;
  }

  type(index: number): ElementType {
    return this.input(index).type;
  }

  /** The values of an input on which the shape of the output depends. */
  values(index: number, what: string): readonly number[] {
    const { values, external, shape } = this.input(index);
    if (values) return values;
    const thing = `its ${what} (input ${index})`;
    if (external) this.refuse(`${thing} is stored as external data, which is not opened`);
    if (elementCount(shape) > mostKnownValues) this.refuse(`${thing} has more than ${mostKnownValues} values`);
    return this.refuse(`${thing} is known only when it runs`);
  }

  /** An attribute of old opsets that became an input: the one that is there, or undefined. */
  attributeOrInput(attribute: string, index: number): readonly number[] | undefined {
    if (this.has(index)) return this.values(index, attribute);
    return this.ints(attribute);
  }

  int(name: string, fallback: number): number;
  int(name: string): number | undefined;
  int(name: string, fallback?: number): number | undefined {
    const value = this.#attribute(name);
    if (value === undefined) return fallback;
    if (typeof value !== 'number' || !Number.isInteger(value)) return this.wrong(`attribute ${name} is no integer`);
    return value;
  }

  requiredInt(name: string): number {
    return this.int(name) ?? this.wrong(`attribute ${name} is missing`);
  }

  float(name: string, fallback: number): number {
    const value = this.#attribute(name) ?? fallback;
    return typeof value === 'number' ? value : this.wrong(`attribute ${name} is no number`);
  }

  ints(name: string): readonly number[] | undefined {
    const value = this.#attribute(name);
    if (value === undefined) return undefined;
    // An empty list has no element that tells its type.
    if (!Array.isArray(value) || value.some((v) => typeof v !== 'number')) {
      return this.wrong(`attribute ${name} is no list of numbers`);
    }
    return value as readonly number[];
  }

  string(name: string, fallback: string): string {
    const value = this.#attribute(name) ?? fallback;
    return typeof value === 'string' ? value : this.wrong(`attribute ${name} is no text`);
  }

  /** An attribute that is a tensor. */
  tensor(name: string): TensorAttribute | undefined {
    return this.node.tensors !== undefined && Object.hasOwn(this.node.tensors, name)
      ? this.node.tensors[name]
      : undefined;
  }

  /** An axis counted from the front, given that negative ones count from the back. `rank` itself is allowed on wish. */
  axis(value: number, rank: number, endAllowed = false): number {
    const axis = value < 0 ? value + rank : value;
    if (axis < 0 || axis > rank || (axis === rank && !endAllowed)) this.wrong(`axis ${value} of ${rank} axes`);
    return axis;
  }

  axes(values: readonly number[], rank: number): readonly number[] {
    const axes = values.map((v) => this.axis(v, rank));
    if (new Set(axes).size !== axes.length) this.wrong(`axes [${values}] name one twice`);
    return axes;
  }

  /** Values for an output, if its inputs' values are known, it is small enough and the budget lasts.
   * @param readEach values that are read for each of the output */
  known(type: ElementType, shape: readonly number[], values: () => readonly number[] | undefined, readEach = 1): Known {
    // A shape that no tensor has is refused where the output is taken.
    if (!shape.every(isLength)) return { type, shape };
    const count = elementCount(shape);
    const read = count * readEach;
    if (count > mostKnownValues || this.#budget.elements < read) return { type, shape };
    this.#budget.elements -= read + 1;
    const computed = values();
    return computed === undefined ? { type, shape } : { type, shape, values: computed };
  }

  /** The model says something that no ONNX model may say. @throws DomainError `invalid-model` */
  wrong(reason: string): never {
    throw new DomainError('invalid-model', `${this.#place}: ${shortened(reason)}`);
  }

  /** The model is sound but its shapes cannot be known here. @throws DomainError `unsupported-model` */
  refuse(reason: string): never {
    throw new DomainError('unsupported-model', `${this.#place}: ${shortened(reason)}`);
  }

  #attribute(name: string) {
    return Object.hasOwn(this.node.attributes, name) ? this.node.attributes[name] : undefined;
  }
}

/** Characters of a reason: shapes of thousands of inputs say no more than those of some. */
const mostReason = 500;
const shortened = (reason: string): string => (reason.length > mostReason ? `${reason.slice(0, mostReason)}…` : reason);

const isLength = (d: number): boolean => Number.isInteger(d) && d >= 0;

/** `node 17 "layer1/conv" (Conv)`: how refusals name a node. */
export function placeOf(node: SourceNode, index: number): string {
  const domain = node.domain ? `${plainOrQuoted(node.domain)}:` : '';
  return `node ${index}${node.name ? ` ${quoteText(node.name)}` : ''} (${domain}${plainOrQuoted(node.operator)})`;
}

function plainOrQuoted(text: string): string {
  return /^[\w.]{1,60}$/.test(text) ? text : quoteText(text);
}
