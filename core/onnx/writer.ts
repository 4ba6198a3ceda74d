// Encodes an ONNX model as protobuf (https://protobuf.dev/programming-guides/encoding/). Field numbers are those of
// onnx.proto3. A writer only: tests read the bytes back with an independent decoder.
import type { DataType, GraphDef, NodeAttribute, NodeDef, TensorData, ValueDef } from './model.ts';

/** TensorProto.DataType. */
export const dataTypeNumber: Readonly<Record<DataType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/** AttributeProto.AttributeType. */
const attributeType = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, ints: 7 } as const;

const wireVarint = 0;
const wireLength = 2;
const wireFixed32 = 5;

class Message {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  #varint(value: number): void {
    // int64 fields hold negative numbers as two's complement in ten bytes.
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
    this.#push(Uint8Array.from(bytes));
  }

  int(field: number, value: number): this {
    this.#varint(field * 8 + wireVarint);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + wireFixed32);
    this.#push(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + wireLength);
    this.#varint(value.length);
    this.#push(value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }
}

function tensorMessage(tensor: TensorData, name = ''): Message {
  const message = new Message();
  for (const dimension of tensor.shape) message.int(1, dimension);
  message.int(2, dataTypeNumber[tensor.dataType]);
  if (name !== '') message.string(8, name);
  return message.bytes(9, tensor.bytes);
}

function attributeMessage(name: string, attribute: NodeAttribute): Message {
  const message = new Message().string(1, name);
  if ('float' in attribute) return message.float(2, attribute.float).int(20, attributeType.float);
  if ('int' in attribute) return message.int(3, attribute.int).int(20, attributeType.int);
  if ('string' in attribute) return message.string(4, attribute.string).int(20, attributeType.string);
  if ('tensor' in attribute) return message.message(5, tensorMessage(attribute.tensor)).int(20, attributeType.tensor);
  if ('graph' in attribute) return message.message(6, graphMessage(attribute.graph)).int(20, attributeType.graph);
  for (const value of attribute.ints) message.int(8, value);
  return message.int(20, attributeType.ints);
}

function nodeMessage(node: NodeDef): Message {
  const message = new Message();
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  message.string(3, node.outputs[0] ?? node.operator).string(4, node.operator);
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) {
    message.message(5, attributeMessage(name, attribute));
  }
  return node.domain ? message.string(7, node.domain) : message;
}

function valueMessage(value: ValueDef): Message {
  const shape = new Message();
  for (const d of value.shape) {
    shape.message(1, typeof d === 'number' ? new Message().int(1, d) : new Message().string(2, d));
  }
  const tensorType = new Message().int(1, dataTypeNumber[value.dataType]).message(2, shape);
  return new Message().string(1, value.name).message(2, new Message().message(1, tensorType));
}

function graphMessage(graph: GraphDef): Message {
  const message = new Message();
  for (const node of graph.nodes) message.message(1, nodeMessage(node));
  message.string(2, graph.name);
  for (const initializer of graph.initializers) message.message(5, tensorMessage(initializer, initializer.name));
  for (const input of graph.inputs) message.message(11, valueMessage(input));
  for (const output of graph.outputs) message.message(12, valueMessage(output));
  return message;
}

/** ModelProto bytes of a graph. The same graph gives the same bytes. */
export function encodeModel(graph: GraphDef, opset = 17): Uint8Array {
  const irVersion = 8;
  return new Message()
    .int(1, irVersion)
    .string(2, 'sugarbush')
    .message(7, graphMessage(graph))
    .message(8, new Message().string(1, '').int(2, opset))
    .message(8, new Message().string(1, 'com.microsoft').int(2, 1))
    .finish();
}
