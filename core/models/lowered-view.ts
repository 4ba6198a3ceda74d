// What is told of a model without any target: what it takes and gives, what it does, the kernels that each kind of
// runtime launches for it, and what in it is unknown.
import { type KernelCount, type KernelKind, kernelKinds } from '#core/graph/kernel.ts';
import { lower } from '#core/graph/lower.ts';
import { type LoweringId, lowerings } from '#core/graph/lowerings.ts';
import { bytesOfElement, type ElementType, type OperatorGraph, type Tensor } from '#core/graph/operator-graph.ts';
import { isCompute } from '#core/predictor/kernels/kernel-features.ts';
import { ownBatch } from './stored-graph.ts';

export interface ModelView {
  /** SHA-256 of the canonical graph, hex. */
  readonly model: string;
  readonly opset: number;
  /** First axis of the first input: how many images one inference is of. */
  readonly batchSize: number;
  readonly inputs: readonly TypedShape[];
  readonly outputs: readonly TypedShape[];
  /** The most frequent first. */
  readonly operators: readonly OperatorCount[];
  /** Bytes of all tensors that the file holds. */
  readonly weightBytes: number;
  readonly lowerings: readonly LoweredModel[];
  readonly unknown: readonly UnknownOperator[];
}

interface TypedShape {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

interface OperatorCount {
  readonly operator: string;
  /** Left out: ai.onnx. */
  readonly domain?: string;
  readonly count: number;
}

/** What one kind of runtime makes of a model, in one inference. */
interface LoweredModel {
  readonly lowering: LoweringId;
  readonly title: string;
  readonly launches: number;
  /** Multiply-accumulates of convolutions and matrix products. */
  readonly macs: number;
  /** Bytes of all launches, as often as they are launched. */
  readonly weightBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Launches that compute with eight-bit integers. */
  readonly int8Launches: number;
  /** The one that is launched most first. */
  readonly kinds: readonly { readonly kind: KernelKind; readonly launches: number; readonly macs: number }[];
}

/** An operator that no kind of kernel is known for. */
interface UnknownOperator {
  readonly operator: string;
  readonly domain?: string;
  readonly count: number;
}

/** @param graph in canonical form; `model` is its hash. Takes milliseconds for each hundred nodes. */
export function modelView(model: string, graph: OperatorGraph): ModelView {
  const described = new Map([...graph.inputs, ...graph.constants, ...graph.tensors].map((each) => [each.name, each]));
  const lowered = lowerings.map((lowering) => ({ lowering, kernels: lower(graph, lowering.id) }));
  const unknown = new Set(
    lowered.flatMap(({ kernels }) =>
      kernels.flatMap(({ kernel, nodes }) => (kernel.kind === 'other' ? nodes.map((i) => keyOf(graph.nodes[i]!)) : [])),
    ),
  );
  const operators = operatorsOf(graph);
  return {
    model,
    opset: graph.opset,
    batchSize: ownBatch(graph),
    inputs: graph.inputs.map(shapeOf),
    outputs: graph.outputs.map((name) => shapeOf(described.get(name)!)),
    operators,
    weightBytes: graph.constants.reduce((sum, { type, shape }) => sum + bytesOfElement[type] * elements(shape), 0),
    lowerings: lowered.map(({ lowering: { id, title }, kernels }) => loweredModel(id, title, kernels)),
    unknown: operators.filter((each) => unknown.has(keyOf(each))),
  };
}

const shapeOf = ({ type, shape }: Tensor): TypedShape => ({ type, shape });
const elements = (shape: readonly number[]): number => shape.reduce((product, d) => product * d, 1);
const keyOf = ({ operator, domain = '' }: { readonly operator: string; readonly domain?: string }): string =>
  `${domain}:${operator}`;

function operatorsOf({ nodes }: OperatorGraph): OperatorCount[] {
  return [...Map.groupBy(nodes, keyOf).values()]
    .map((same) => {
      const { operator, domain } = same[0]!;
      return { operator, ...(domain !== undefined && { domain }), count: same.length };
    })
    .sort((a, b) => b.count - a.count || (keyOf(a) < keyOf(b) ? -1 : 1));
}

function loweredModel(lowering: LoweringId, title: string, kernels: readonly KernelCount[]): LoweredModel {
  const sum = (of: (each: KernelCount) => number): number => kernels.reduce((all, each) => all + of(each), 0);
  const macs = ({ kernel, count }: KernelCount): number => (isCompute(kernel) ? kernel.macs * count : 0);
  const kinds = kernelKinds.flatMap((kind) => {
    const own = kernels.filter(({ kernel }) => kernel.kind === kind);
    if (own.length === 0) return [];
    const total = (of: (each: KernelCount) => number): number => own.reduce((all, each) => all + of(each), 0);
    return [{ kind, launches: total(({ count }) => count), macs: total(macs) }];
  });
  return {
    lowering,
    title,
    launches: sum(({ count }) => count),
    macs: sum(macs),
    weightBytes: sum(({ kernel, count }) => kernel.weightBytes * count),
    inputBytes: sum(({ kernel, count }) => kernel.inputBytes * count),
    outputBytes: sum(({ kernel, count }) => kernel.outputBytes * count),
    int8Launches: sum(({ kernel, count }) => (kernel.type === 'int8' || kernel.type === 'uint8' ? count : 0)),
    kinds: kinds.sort((a, b) => b.launches - a.launches),
  };
}
