// What reading costs: weights are skipped, whether they are megabytes in a layer or gigabytes in one.
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '#core/graph/onnx-file/byte-source.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { encodeModel } from '#core/onnx/writer.ts';

function counting(source: ByteSource) {
  const count = { reads: 0, bytes: 0 };
  return {
    count,
    source: {
      byteLength: source.byteLength,
      slice: (start: number, end: number) => {
        count.reads++;
        count.bytes += end - start;
        return source.slice(start, end);
      },
    },
  };
}

/** A chain of products of a square matrix; `side`² weights each, after all nodes, as writers put them. */
function chain(layers: number, side: number): Uint8Array {
  const names = Array.from({ length: layers }, (_, i) => i);
  return encodeModel({
    name: 'chain',
    inputs: [{ name: 't0', dataType: 'float32', shape: [1, side] }],
    outputs: [{ name: `t${layers}`, dataType: 'float32', shape: [1, side] }],
    nodes: names.map((i) => ({ operator: 'MatMul', inputs: [`t${i}`, `w${i}`], outputs: [`t${i + 1}`] })),
    initializers: names.map((i) => ({
      name: `w${i}`,
      dataType: 'float32',
      shape: [side, side],
      bytes: new Uint8Array(4 * side * side),
    })),
  });
}

describe('reading', () => {
  it('a model of 40 MB in ten layers takes a read a layer and half a percent of its bytes', async () => {
    const bytes = chain(10, 1024);
    const { source, count } = counting(bytesAsSource(bytes));
    expect(bytes.length).toBeGreaterThan(40e6);
    expect((await readOnnx(source)).nodes).toHaveLength(10);
    expect(count.reads).toBeLessThanOrEqual(11);
    expect(count.bytes).toBeLessThan(bytes.length / 200);
  });

  it('a thousand small layers takes few reads, each longer than the one before', async () => {
    const bytes = chain(1000, 16);
    const { source, count } = counting(bytesAsSource(bytes));
    expect(bytes.length).toBeGreaterThan(1e6);
    expect((await readOnnx(source)).nodes).toHaveLength(1000);
    expect(count.reads).toBeLessThanOrEqual(10);
    expect(count.bytes).toBeLessThan(1.1 * bytes.length);
  });

  it('a tensor of five gigabytes reads a window at its start and what follows it', async () => {
    const { source, count } = counting(hollow(5 * 2 ** 30));
    const graph = await readOnnx(source);
    expect(graph.constants).toEqual([{ name: 'w', type: 'float32', shape: [32, 41943040] }]);
    expect(graph.tensors).toEqual([{ name: 'y', type: 'float32', shape: [1, 41943040] }]);
    expect(count.reads).toBe(2);
    expect(count.bytes).toBeLessThan(20_000);
  });
});

/** y = MatMul(x, w) whose weights are `length` bytes that are nowhere: what lies before and after them is held. */
function hollow(length: number): ByteSource {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
  const field = (number: number, content: readonly number[]) => [number * 8 + 2, ...varint(content.length), ...content];
  const text = (number: number, value: string) => field(number, [...new TextEncoder().encode(value)]);
  const int = (number: number, value: number) => [number * 8, ...varint(value)];
  const dims = [...int(1, 32), ...int(1, length / 128)];
  const tensorHead = [...dims, ...int(2, 1), ...text(8, 'w'), 9 * 8 + 2, ...varint(length)];
  const value = (number: number, name: string, shape: readonly number[]) =>
    field(number, [
      ...text(1, name),
      ...field(
        2,
        field(1, [
          ...int(1, 1),
          ...field(
            2,
            shape.flatMap((d) => field(1, int(1, d))),
          ),
        ]),
      ),
    ]);
  const node = field(1, [...text(1, 'x'), ...text(1, 'w'), ...text(2, 'y'), ...text(4, 'MatMul')]);
  const after = [...value(11, 'x', [1, 32]), ...value(12, 'y', [1, length / 128])];
  const tensorLength = varint(tensorHead.length + length);
  const graphLength = node.length + 1 + tensorLength.length + tensorHead.length + length + after.length;
  const head = Uint8Array.from([
    ...int(1, 8),
    7 * 8 + 2,
    ...varint(graphLength),
    ...node,
    5 * 8 + 2,
    ...tensorLength,
    ...tensorHead,
  ]);
  const tail = Uint8Array.from([...after, ...field(8, int(2, 17))]);
  const byteLength = head.length + length + tail.length;
  return {
    byteLength,
    slice: (start, end) => {
      const bytes = new Uint8Array(end - start);
      bytes.set(head.subarray(start, end));
      const at = head.length + length;
      if (end > at) bytes.set(tail.subarray(Math.max(0, start - at), end - at), Math.max(0, at - start));
      return bytes.buffer;
    },
  };
}
