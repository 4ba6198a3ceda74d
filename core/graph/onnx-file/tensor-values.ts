// Values of a small tensor out of TensorProto's ways to write them.
import type { ElementType } from '../operator-graph.ts';
import { clipped } from './wire-cursor.ts';

/** Little-endian, row-major (`raw_data`). Undefined for types that are not read (strings, eight-bit floats, half
 * bytes), and where the length is not that of `count` elements. */
export function valuesOfBytes(type: ElementType, bytes: Uint8Array, count: number): number[] | undefined {
  const reader = readers[type];
  if (reader === undefined || bytes.length !== count * reader.size) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) => reader.read(view, i * reader.size));
}

interface ElementReader {
  readonly size: number;
  readonly read: (view: DataView, at: number) => number;
}

const readers: Partial<Record<ElementType, ElementReader>> = {
  float32: { size: 4, read: (v, at) => v.getFloat32(at, true) },
  float64: { size: 8, read: (v, at) => v.getFloat64(at, true) },
  float16: { size: 2, read: (v, at) => float16(v.getUint16(at, true)) },
  bfloat16: { size: 2, read: (v, at) => bfloat16(v.getUint16(at, true)) },
  int8: { size: 1, read: (v, at) => v.getInt8(at) },
  uint8: { size: 1, read: (v, at) => v.getUint8(at) },
  bool: { size: 1, read: (v, at) => (v.getUint8(at) === 0 ? 0 : 1) },
  int16: { size: 2, read: (v, at) => v.getInt16(at, true) },
  uint16: { size: 2, read: (v, at) => v.getUint16(at, true) },
  int32: { size: 4, read: (v, at) => v.getInt32(at, true) },
  uint32: { size: 4, read: (v, at) => v.getUint32(at, true) },
  int64: { size: 8, read: (v, at) => clipped(Number(v.getBigInt64(at, true))) },
  uint64: { size: 8, read: (v, at) => clipped(Number(v.getBigUint64(at, true))) },
};

/** Numbers of `int32_data`, `int64_data`, `uint64_data`, `float_data` or `double_data`: 16-bit floats are there as
 * bits. */
export function valuesOfNumbers(type: ElementType, numbers: readonly number[], count: number): number[] | undefined {
  if (numbers.length !== count || readers[type] === undefined) return undefined;
  if (type === 'float16') return numbers.map((bits) => float16(bits & 0xffff));
  if (type === 'bfloat16') return numbers.map((bits) => bfloat16(bits & 0xffff));
  return numbers.map((v) => (type === 'bool' && v !== 0 ? 1 : v));
}

/** IEEE 754 binary16. */
function float16(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 65536);
  return view.getFloat32(0);
}
