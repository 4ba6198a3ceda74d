// Moves transposes towards others that they cancel with (ONNX Runtime's transpose optimiser): a transpose before a node
// is pushed behind it where that leaves fewer transposed axes in all, counting those of size above 1.
import {
  numberAttribute,
  numbersAttribute,
  sameShape,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';
import { compose, invert, isIdentity, permuted, squeezed, unsqueezed } from './permutations.ts';

const unary = set(
  'Cast Exp Identity LeakyRelu Log Reciprocal Relu Sigmoid Sqrt Tanh Abs Not Ceil Floor Neg Erf HardSigmoid Round IsInf ' +
    'IsNaN Selu Shrink Sign Softplus Softsign ThresholdedRelu Celu HardSwish Sin Cos Tan Sinh Cosh Asin Acos Atan ' +
    'Clip CastLike QuantizeLinear DequantizeLinear',
);
const broadcast = set(
  'Add Max Min Mul Sub Div And Or Xor Mod PRelu BitShift Equal Greater Less GreaterOrEqual LessOrEqual Mean Sum Pow Where',
);
const withAxis = set('Split Softmax LogSoftmax Hardmax');
const reductions = set(
  'ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare ReduceL1 ReduceL2',
);

function set(names: string): ReadonlySet<string> {
  return new Set(names.split(' '));
}

/** Different permutations of one node's inputs that are tried: networks have one or two, hostile graphs thousands. */
const mostPermutations = 8;

/** Moves transposes along the graph until they meet and cancel. The graph is changed. */
export function pushTransposes(graph: WorkingGraph): void {
  new TransposePusher(graph).run();
}

class TransposePusher {
  readonly #graph: WorkingGraph;
  /** Tensors from which a way leads through movable nodes to a transpose. */
  readonly #leading = new Set<WorkingTensor>();
  /** What the transposes stand for that the present push moves. */
  #moved: readonly number[] = [];
  readonly #readByMovable = new Map<WorkingTensor, { readonly changes: number; readonly answer: boolean }>();

  constructor(graph: WorkingGraph) {
    this.#graph = graph;
  }

  run(): void {
    if (!this.#graph.nodes.some(isTranspose)) return;
    this.#findLeading();
    for (const node of [...this.#graph.nodes]) {
      if (node.removed) continue;
      this.#visit(node);
    }
    this.#graph.sort();
  }

  /** Whether it is pushed depends on the permutation, not on which of the inputs has it. */
  #visit(node: WorkingNode): void {
    const refused = new Set<string>();
    for (let i = 0; i < node.inputs.length && refused.size < mostPermutations; i++) {
      const before = node.inputs[i]?.producer;
      const perm = before && permOf(before);
      if (before === undefined || perm === undefined || refused.has(`${perm}`)) continue;
      if (this.#process(before, node, perm, i)) return;
      refused.add(`${perm}`);
    }
  }

  #findLeading(): void {
    for (const node of this.#graph.nodes.toReversed()) {
      if (isTranspose(node)) {
        this.#leading.add(node.inputs[0]!);
        continue;
      }
      if (!node.outputs.some((t) => t && this.#leading.has(t))) continue;
      if (!isMovable(node) || !transposesOutputs(node)) continue;
      for (const i of movableInputs(node)) this.#leading.add(node.inputs[i]!);
    }
  }

  #process(before: WorkingNode, node: WorkingNode, perm: readonly number[], index: number): boolean {
    if (!isMovable(node)) return false;
    const indices = movableInputs(node);
    if (!indices.includes(index)) return false;
    if (!isTranspose(node) && this.#cost(node, perm, indices) >= 0) return false;
    this.#moved = before.sources;
    return this.#push(before, node, perm, indices);
  }

  #cost(node: WorkingNode, perm: readonly number[], indices: readonly number[]): number {
    let cost = 0;
    for (const i of indices) cost += this.#inputCost(node.inputs[i]!, perm);
    if (cost >= 0 || !transposesOutputs(node)) return cost;
    const outputs = node.outputs.filter((t): t is WorkingTensor => t !== undefined);
    if (outputs.some((t) => this.#leading.has(t))) return cost;
    return cost + Math.max(...outputs.map((t) => trueRank(t.shape)));
  }

  /** Axes that a transpose of the tensor moves: negative where a transpose goes. */
  #inputCost(input: WorkingTensor, perm: readonly number[]): number {
    if (input.constant) return 0;
    const own = input.producer && permOf(input.producer);
    if (!own) return trueRank(input.shape);
    const goes = sameShape(own, perm) && !input.output && this.#isReadByMovable(input);
    return goes ? -trueRank(input.shape) : 0;
  }

  /** Looked at anew only after a change: a tensor may have thousands of readers, and each of them asks. */
  #isReadByMovable(tensor: WorkingTensor): boolean {
    const { changes } = this.#graph;
    const known = this.#readByMovable.get(tensor);
    if (known?.changes === changes) return known.answer;
    const answer = isEvery(tensor.consumers, isMovable);
    this.#readByMovable.set(tensor, { changes, answer });
    return answer;
  }

  #push(before: WorkingNode, node: WorkingNode, perm: readonly number[], indices: readonly number[]): boolean {
    const { operator } = node;
    const rank = perm.length;
    const inverse = invert(perm);
    if (isTranspose(node)) {
      const own = permOf(node);
      if (own?.length !== rank) return false;
      this.#merge(before, node, perm, own);
      return true;
    }
    if (operator === 'Reshape') return this.#reshape(before, node, perm);
    if (broadcast.has(operator)) {
      if (indices.some((i) => node.inputs[i]!.shape.length > rank)) return false;
      for (const i of indices) this.#unsqueezeInput(node, i, rank);
      this.#transposeInputs(node, indices, inverse);
      this.#transposeOutputs(node, perm);
      return true;
    }
    if (unary.has(operator) || operator === 'Pad' || operator === 'Tile' || operator === 'Resize') {
      this.#transposeInputs(node, indices, inverse);
      this.#transposeOutputs(node, perm);
      return true;
    }
    if (withAxis.has(operator) || operator === 'Concat') {
      const axis = numberAttribute(node, 'axis', operator === 'Split' ? 0 : -1);
      node.attributes = { ...node.attributes, axis: perm[(axis + rank) % rank]! };
      this.#transposeInputs(node, indices, inverse);
      this.#transposeOutputs(node, perm);
      return true;
    }
    if (operator === 'Gather') return this.#gather(node, perm);
    if (operator === 'ArgMin' || operator === 'ArgMax') {
      const axis = perm[(numberAttribute(node, 'axis', 0) + rank) % rank]!;
      node.attributes = { ...node.attributes, axis };
      this.#transposeInputs(node, indices, inverse);
      const keeps = numberAttribute(node, 'keepdims', 1) !== 0;
      this.#transposeOutputs(node, keeps ? perm : squeezed(perm, [axis]));
      return true;
    }
    return this.#withAxes(node, perm, indices);
  }

  /** Reductions, squeezes and slices: they name axes by attribute or constant. */
  #withAxes(node: WorkingNode, perm: readonly number[], indices: readonly number[]): boolean {
    const { operator } = node;
    const rank = perm.length;
    const inverse = invert(perm);
    const at = operator === 'Slice' ? 3 : 1;
    const attribute = numbersAttribute(node, 'axes');
    const given = attribute ?? (node.inputs[at]?.constant ? node.inputs[at].values : undefined);
    if (operator === 'Unsqueeze') {
      if (given === undefined) return false;
      const axes = given.map((axis) => (axis + rank + given.length) % (rank + given.length));
      this.#transposeInputs(node, indices, inverse);
      this.#transposeOutputs(node, unsqueezed(perm, axes));
      return true;
    }
    const keeps = operator === 'Squeeze' ? false : numberAttribute(node, 'keepdims', 1) !== 0;
    if (given === undefined) {
      if (operator === 'Squeeze' || node.inputs[at] !== undefined) return false;
      if (operator === 'Slice') return false;
      this.#transposeInputs(node, indices, inverse);
      this.#transposeOutputs(node, keeps ? perm : []);
      return true;
    }
    const axes = given.map((axis) => perm[(axis + rank) % rank]!);
    if (operator !== 'Slice') axes.sort((a, b) => a - b);
    if (attribute) node.attributes = { ...node.attributes, axes };
    else this.#graph.setInput(node, at, this.#graph.constant(axes));
    this.#transposeInputs(node, indices, inverse);
    this.#transposeOutputs(node, operator === 'Slice' || keeps ? perm : squeezed(perm, axes));
    return true;
  }

  /** With one index, which takes its axis away. */
  #gather(node: WorkingNode, perm: readonly number[]): boolean {
    const indices = node.inputs[1];
    if (indices === undefined || indices.shape.length > 1) return false;
    const axis = perm[(numberAttribute(node, 'axis', 0) + perm.length) % perm.length]!;
    node.attributes = { ...node.attributes, axis };
    this.#transposeInput(node, 0, invert(perm));
    this.#transposeOutputs(node, indices.shape.length === 0 ? squeezed(perm, [axis]) : perm);
    return true;
  }

  /** Two transposes in a row, or a transpose and a reshape that is one: they cancel, or become one. */
  #merge(before: WorkingNode, node: WorkingNode, perm: readonly number[], own: readonly number[]): void {
    const combined = compose(perm, own);
    const source = before.inputs[0]!;
    this.#graph.setInput(node, 0, source);
    node.operator = 'Transpose';
    node.inputs.length = 1;
    node.attributes = { perm: combined };
    // What it stands for now includes the first, where that goes.
    if (before.outputs[0]!.consumers.uses === 0 && !before.outputs[0]!.output) {
      node.sources = together(node.sources, before.sources);
      this.#graph.remove(before);
    }
    if (isIdentity(combined)) this.#graph.bypass(node, source);
  }

  /** A reshape that only moves axes of size 1 is a transpose. */
  #reshape(before: WorkingNode, node: WorkingNode, perm: readonly number[]): boolean {
    const from = node.inputs[0]!.shape;
    const to = node.outputs[0]!.shape;
    if (!node.inputs[1]?.constant) return false;
    const own = from.length === to.length ? permutationOfReshape(from, to) : undefined;
    if (own !== undefined) {
      this.#graph.setInput(node, 1, undefined);
      this.#merge(before, node, perm, own);
      return true;
    }
    const parts = partsOfAxes(from, to);
    if (parts === undefined) return false;
    // Split the axes first, as they stand before the transpose, and move the parts together after that.
    const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.length, 0));
    const inverse = invert(perm);
    const order = inverse.flatMap((axis) => parts[axis]!.map((_, k) => starts[axis]! + k));
    this.#graph.setInput(node, 1, this.#graph.constant(permuted(to, order)));
    this.#transposeInput(node, 0, inverse);
    this.#transposeOutputs(node, invert(order));
    return true;
  }

  #unsqueezeInput(node: WorkingNode, index: number, rank: number): void {
    const input = node.inputs[index]!;
    const missing = rank - input.shape.length;
    if (missing <= 0) return;
    const shape = [...new Array<number>(missing).fill(1), ...input.shape];
    const wider = this.#graph.tensor(input.type, shape);
    if (input.constant) {
      wider.constant = true;
      wider.values = input.values;
    } else {
      const axes = Array.from({ length: missing }, (_, i) => i);
      this.#graph.add('Unsqueeze', [input, this.#graph.constant(axes)], [wider], { sources: node.sources });
    }
    this.#graph.setInput(node, index, wider);
  }

  #transposeInputs(node: WorkingNode, indices: readonly number[], perm: readonly number[]): void {
    for (const i of indices) this.#transposeInput(node, i, perm);
  }

  #transposeInput(node: WorkingNode, index: number, perm: readonly number[]): void {
    const input = node.inputs[index]!;
    const graph = this.#graph;
    if (input.constant) {
      if (input.shape.length !== perm.length) return;
      const moved = graph.tensor(input.type, permuted(input.shape, perm));
      moved.constant = true;
      moved.values = input.values?.length === 1 ? input.values : undefined;
      graph.setInput(node, index, moved);
      return;
    }
    const before = input.producer;
    const own = before && permOf(before);
    if (before && own?.length === perm.length) {
      const source = before.inputs[0]!;
      const combined = compose(own, perm);
      if (isIdentity(combined)) graph.setInput(node, index, source);
      else graph.setInput(node, index, this.#transposed(source, combined));
      if (input.consumers.uses === 0 && !input.output) {
        this.#moved = together(this.#moved, before.sources);
        graph.remove(before);
      }
      return;
    }
    const known = [...input.consumers].find(
      (other) => sameShape(permOf(other) ?? [], perm) && other.outputs[0] !== undefined,
    );
    graph.setInput(node, index, known?.outputs[0] ?? this.#transposed(input, perm));
  }

  #transposed(input: WorkingTensor, perm: readonly number[]): WorkingTensor {
    const output = this.#graph.tensor(input.type, permuted(input.shape, perm));
    this.#graph.add('Transpose', [input], [output], { sources: this.#moved, attributes: { perm } });
    return output;
  }

  #transposeOutputs(node: WorkingNode, perm: readonly number[]): void {
    if (isIdentity(perm)) {
      node.sources = together(node.sources, this.#moved);
      return;
    }
    const inverse = invert(perm);
    for (const [i, output] of node.outputs.entries()) {
      if (!output) continue;
      const inner = this.#graph.tensor(output.type, permuted(output.shape, inverse));
      this.#graph.takeOutput(node, i, inner);
      this.#graph.add('Transpose', [inner], [output], { sources: this.#moved, attributes: { perm } });
    }
  }
}

/** Each node once: where two ways meet that one transpose was moved along, it would count twice, again and again. */
const together = (some: readonly number[], others: readonly number[]): number[] => [...new Set([...some, ...others])];

const isTranspose = (node: WorkingNode): boolean => node.operator === 'Transpose' && node.domain === '';

function permOf(node: WorkingNode): readonly number[] | undefined {
  if (!isTranspose(node)) return undefined;
  const rank = node.inputs[0]!.shape.length;
  return numbersAttribute(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
}

const movable = new Set([
  ...unary,
  ...broadcast,
  ...withAxis,
  ...reductions,
  ...'Transpose Concat Pad ArgMin ArgMax Squeeze Unsqueeze Slice Tile Reshape Shape Gather'.split(' '),
]);

const isMovable = (node: WorkingNode): boolean => node.domain === '' && movable.has(node.operator);

function isEvery(nodes: Iterable<WorkingNode>, holds: (node: WorkingNode) => boolean): boolean {
  for (const node of nodes) if (!holds(node)) return false;
  return true;
}

const transposesOutputs = (node: WorkingNode): boolean =>
  node.operator !== 'Transpose' && node.operator !== 'Reshape' && node.operator !== 'Shape';

function movableInputs(node: WorkingNode): readonly number[] {
  const every = node.inputs.flatMap((t, i) => (t === undefined ? [] : [i]));
  if (broadcast.has(node.operator)) return every.filter((i) => node.inputs[i]!.shape.length > 0);
  return node.operator === 'Concat' ? every : [0];
}

const trueRank = (shape: readonly number[]): number => shape.reduce((count, d) => count + (d === 1 ? 0 : 1), 0);

/** Sizes into which a reshape splits each axis; undefined where it does anything else. */
function partsOfAxes(from: readonly number[], to: readonly number[]): number[][] | undefined {
  let at = 0;
  const parts: number[][] = [];
  for (const [i, size] of from.entries()) {
    const part: number[] = [];
    let product = 1;
    while (at < to.length && (part.length === 0 || product < size)) {
      part.push(to[at]!);
      product *= to[at++]!;
    }
    // The last axis takes what is left, ones.
    if (i === from.length - 1) while (at < to.length) product *= push(part, to[at++]!);
    if (product !== size) return undefined;
    parts.push(part);
  }
  return parts;
}

function push(part: number[], size: number): number {
  part.push(size);
  return size;
}

/** Axes above 1 keep their order and size: where each output axis comes from. */
function permutationOfReshape(from: readonly number[], to: readonly number[]): number[] | undefined {
  const free = from.map((size) => ({ size, used: false }));
  const perm: number[] = [];
  for (const target of to) {
    let found = -1;
    for (const [i, { size, used }] of free.entries()) {
      if (used) continue;
      if (size === target) {
        found = i;
        break;
      }
      if (size !== 1 && target !== 1) return undefined;
    }
    if (found < 0) return undefined;
    free[found]!.used = true;
    perm.push(found);
  }
  return perm;
}
