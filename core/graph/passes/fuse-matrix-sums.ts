// MatMul + bias → Gemm. A product of more than two dimensions is flattened around it, which costs two reshapes.
import { soleConsumer, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

export interface MatrixSumOptions {
  /** Leave what a later fusion of whole attention blocks looks for: three products of one layer normalisation whose
   * fourth reader is a sum. */
  readonly keepAttention: boolean;
}

/** Makes a matrix product and the sum after it one node. The graph is changed. */
export function fuseMatrixSums(graph: WorkingGraph, options: MatrixSumOptions): void {
  const attention = new AttentionPatterns();
  for (const node of [...graph.nodes]) {
    if (node.removed || node.operator !== 'MatMul') continue;
    const add = soleConsumer(node.outputs[0]);
    if (add?.operator !== 'Add') continue;
    const [a, b] = node.inputs as [WorkingTensor, WorkingTensor];
    if (!a.type.endsWith('float16') && a.type !== 'float32') continue;
    if (b.shape.length !== 2) continue;
    const flatten = a.shape.length !== 2;
    if (flatten && options.keepAttention && attention.has(node, add)) continue;
    const bias = add.inputs[0] === node.outputs[0] ? add.inputs[1] : add.inputs[0];
    if (!bias || !isGemmBias(bias.shape, a.shape[0]!, b.shape[1]!, flatten)) continue;
    const sources = [...node.sources, ...add.sources];
    const output = add.outputs[0]!;
    graph.remove(add);
    graph.remove(node);
    if (!flatten) {
      graph.add('Gemm', [a, b, bias], [output], { sources });
      continue;
    }
    const rows = a.shape.slice(0, -1).reduce((product, d) => product * d, 1);
    const flat = graph.tensor(a.type, [rows, b.shape[0]!]);
    const product = graph.tensor(a.type, [rows, b.shape[1]!]);
    graph.add('Reshape', [a, graph.constant([rows, b.shape[0]!])], [flat], { sources });
    graph.add('Gemm', [flat, b, bias], [product], { sources });
    graph.add('Reshape', [product, graph.constant(output.shape)], [output], { sources });
  }
  graph.sort();
}

function isGemmBias(bias: readonly number[], rows: number, columns: number, flatten: boolean): boolean {
  if (bias.length === 1) return bias[0] === columns;
  if (flatten || bias.length !== 2) return false;
  return (bias[0] === 1 && bias[1] === columns) || (bias[0] === rows && (bias[1] === 1 || bias[1] === columns));
}

class AttentionPatterns {
  readonly #normalizations = new Set<WorkingNode>();
  readonly #sums = new Set<WorkingNode>();

  has(node: WorkingNode, add: WorkingNode): boolean {
    const parent = node.inputs[0]?.producer;
    if ((parent && this.#normalizations.has(parent)) || this.#sums.has(add)) return true;
    if (parent?.operator !== 'LayerNormalization') return false;
    const { consumers } = parent.outputs[0]!;
    if (consumers.uses !== 4) return false;
    const readers = [...consumers];
    const sums = readers.filter((reader) => reader.operator === 'Add');
    const products = readers.filter((reader) => reader.operator === 'MatMul');
    if (sums.length !== 1 || products.length !== 3) return false;
    const sum = sums[0]!;
    const other = sum.inputs[0] === parent.outputs[0] ? sum.inputs[1] : sum.inputs[0];
    if (other?.producer?.operator !== 'Add') return false;
    this.#normalizations.add(parent);
    this.#sums.add(other.producer);
    return true;
  }
}
