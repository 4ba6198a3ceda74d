// Runs a graph under test through ONNX Runtime: values in, every output's values out.
import type { GraphBuilder } from '#core/onnx/graph-builder.ts';
import { createSession, onnxRuntime } from '#core/onnx/session.ts';
import { encodeModel } from '#core/onnx/writer.ts';

export interface Values {
  readonly data: Float64Array | Float32Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

export type Run = (feeds: Readonly<Record<string, Values>>) => Promise<Record<string, Float64Array>>;

/** The declared shapes, where they differ from the real ones, are an error: ONNX Runtime would only warn. */
function assertShape(graph: GraphBuilder, name: string, dims: readonly number[]): void {
  const declared = graph.build('test').outputs.find((o) => o.name === name)!.shape;
  if (`${declared}` !== `${dims}`) throw new Error(`output ${name} is [${dims}], declared as [${declared}]`);
}

const typeOf = (data: Values['data']) =>
  data instanceof Float64Array
    ? 'float64'
    : data instanceof Float32Array
      ? 'float32'
      : data instanceof Int32Array
        ? 'int32'
        : 'int64';

/** One session for all the calls of `body`. */
export async function withGraph<T>(graph: GraphBuilder, body: (run: Run) => Promise<T>): Promise<T> {
  const session = await createSession(encodeModel(graph.build('test')));
  const { Tensor } = onnxRuntime();
  try {
    return await body(async (feeds) => {
      const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [
        name,
        new Tensor(typeOf(data), data as never, shape),
      ]);
      const outputs = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, t]) => {
          assertShape(graph, name, t.dims);
          return [name, Float64Array.from(t.data as Float64Array, Number)];
        }),
      );
    });
  } finally {
    await session.release();
  }
}

export const runOnce = (graph: GraphBuilder, feeds: Readonly<Record<string, Values>> = {}) =>
  withGraph(graph, (run) => run(feeds));
