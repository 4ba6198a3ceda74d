// What a model is given while it is measured: noise for numbers, ones for what counts, points or masks.
import type { ElementType } from '#core/graph/operator-graph.ts';
import type { Random } from '#core/random.ts';

export type InputData = Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Int8Array | Uint8Array;

/** Half of 1.0 in the bits of float16, which no typed array of this Node's runtimes takes as numbers. */
const halfOfFloat16 = 0x3800;

const makers: Partial<Record<ElementType, (count: number, random: Random) => InputData>> = {
  float32: (count, random) => Float32Array.from({ length: count }, () => random.normal()),
  float64: (count, random) => Float64Array.from({ length: count }, () => random.normal()),
  float16: (count) => new Uint16Array(count).fill(halfOfFloat16),
  int64: (count) => new BigInt64Array(count).fill(1n),
  int32: (count) => new Int32Array(count).fill(1),
  int8: (count) => new Int8Array(count).fill(1),
  uint8: (count) => new Uint8Array(count).fill(1),
  bool: (count) => new Uint8Array(count).fill(1),
};

/** @throws RangeError for a type that models are not given from outside */
export function randomInput(type: ElementType, count: number, random: Random): InputData {
  const make = makers[type];
  if (make === undefined) throw new RangeError(`an input of type ${type} cannot be made here`);
  return make(count, random);
}
