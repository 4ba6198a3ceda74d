// Writes data/zoo/graphs.jsonl.gz: a zoo of real models as operator graphs, out of weight-free ONNX graphs in the form
// of its collectors (lines of {name, opset, inputs, outputs, nodes, initializers, value_info}; every shape was recorded
// by running the model). Shapes are copied, not inferred: they are what inference is tested against. The same input
// gives the same bytes. Run: node scripts/convert-zoo.ts FOLDER (with graphs-0.jsonl.gz, graphs-1.jsonl.gz)
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import { type ConstantTensor, elementTypes, type OperatorGraph, type Tensor } from '#core/graph/operator-graph.ts';
import { withStructuralValues } from '#core/graph/structural-values.ts';

const tensor = z.object({
  name: z.string(),
  dtype: z.enum(elementTypes),
  shape: z.array(z.int()),
  values: z.array(z.union([z.number(), z.boolean()])).optional(),
});

const zooGraph = z.object({
  name: z.string(),
  opset: z.int(),
  inputs: z.array(tensor),
  outputs: z.array(tensor),
  nodes: z.array(
    z.strictObject({
      op: z.string(),
      domain: z.string().optional(),
      inputs: z.array(z.string()),
      outputs: z.array(z.string()),
      attributes: z
        .record(z.string(), z.union([z.number(), z.string(), z.array(z.number()), z.array(z.string())]))
        .optional(),
    }),
  ),
  initializers: z.array(tensor),
  value_info: z.array(tensor),
});

function plain({ name, dtype, shape }: z.infer<typeof tensor>): Tensor {
  return { name, type: dtype, shape };
}

function constantOf(t: z.infer<typeof tensor>): ConstantTensor {
  return t.values === undefined ? plain(t) : { ...plain(t), values: t.values.map(Number) };
}

function operatorGraphOf(line: string): OperatorGraph {
  const graph = zooGraph.parse(JSON.parse(line));
  const nodes = graph.nodes.map(({ op, domain, inputs, outputs, attributes }) => ({
    operator: op,
    ...(domain ? { domain } : {}),
    inputs,
    outputs,
    attributes: attributes ?? {},
  }));
  const recorded = new Map([...graph.value_info, ...graph.outputs].map((t) => [t.name, plain(t)]));
  return {
    name: graph.name,
    opset: graph.opset,
    inputs: graph.inputs.map(plain),
    outputs: graph.outputs.map((o) => o.name),
    constants: withStructuralValues(graph.initializers.map(constantOf), nodes),
    nodes,
    tensors: nodes.flatMap((n) => n.outputs.flatMap((name) => recorded.get(name) ?? [])),
  };
}

async function linesOf(path: string): Promise<string[]> {
  return gunzipSync(await readFile(path))
    .toString()
    .trimEnd()
    .split('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('usage: node scripts/convert-zoo.ts FOLDER');
  const lines = (await Promise.all([0, 1].map((k) => linesOf(join(folder, `graphs-${k}.jsonl.gz`))))).flat();
  const graphs = lines.map(operatorGraphOf);
  for (const graph of graphs) parseOperatorGraph(graph);
  const text = graphs.map((graph) => `${JSON.stringify(graph)}\n`).join('');
  const target = fileURLToPath(new URL('../data/zoo/graphs.jsonl.gz', import.meta.url));
  const bytes = gzipSync(text, { level: 9, memLevel: 9 });
  await writeFile(target, bytes);
  console.log(`${target}: ${graphs.length} graphs, ${bytes.length} bytes`);
}
