// TensorProto and SparseTensorProto without their weights: shape, type and the values of small tensors.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { elementTypeOfNumber, isFloat } from '../element-type-number.ts';
import { elementCount, mostKnownValues } from '../inference/known.ts';
import { mostConstantValues } from '../operator-graph.ts';
import type { SourceConstant } from '../source-graph.ts';
import { limits } from './limits.ts';
import { valuesOfBytes, valuesOfNumbers } from './tensor-values.ts';
import { malformed, type Reading, tooLarge, type WireCursor, wire } from './wire-cursor.ts';

/** Fields of TensorProto. */
const field = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  dataLocation: 14,
} as const;

const numbersOf: Readonly<Record<number, (c: WireCursor, end: number) => number>> = {
  [field.floatData]: (c, end) => c.float32(end),
  [field.doubleData]: (c, end) => c.float64(end),
  [field.int32Data]: (c, end) => c.int64(end),
  [field.int64Data]: (c, end) => c.int64(end),
  [field.uint64Data]: (c, end) => c.int64(end),
};

/** Content of more bytes than this is weights, whatever the shape says. */
const mostContentBytes = 10 * mostKnownValues;

/** Reads a TensorProto that ends at `end`; the values of large ones are skipped.
 * @throws DomainError `invalid-model` */
export function* readTensor(c: WireCursor, end: number): Reading<SourceConstant> {
  let name = '';
  let dataType = 0;
  let external = false;
  let raw: Uint8Array | undefined;
  const shape: number[] = [];
  const numbers: number[] = [];
  let skipped = false;
  /** Shape and type come first in files; what comes before them is judged by its length alone. */
  const wanted = (bytes: number) => {
    const type = elementTypeOfNumber(dataType);
    const most = type !== undefined && isFloat(type) ? mostConstantValues : mostKnownValues;
    return bytes <= mostContentBytes && elementCount(shape) <= most;
  };
  yield* c.fields(end, (number, wireType) => {
    if (number === field.dims) return readIntegers(c, end, wireType, shape, limits.axes);
    if (number === field.name && wireType === wire.length) {
      return assign(c.text(end, limits.name), (text) => {
        name = text;
      });
    }
    if (number === field.dataType && wireType === wire.varint) {
      dataType = c.varint(end);
      return undefined;
    }
    if (number === field.dataLocation && wireType === wire.varint) {
      external = c.varint(end) === 1;
      return undefined;
    }
    if (number === field.rawData && wireType === wire.length) {
      const stop = c.enter(end);
      if (wanted(stop - c.position)) {
        return assign(c.bytes(stop), (bytes) => {
          raw = bytes;
        });
      }
      skipped ||= stop > c.position;
      c.position = stop;
      return undefined;
    }
    const read = numbersOf[number];
    if (read === undefined) return c.skip(wireType, end);
    if (wireType !== wire.length) {
      if (numbers.length <= mostKnownValues) numbers.push(read(c, end));
      else return c.skip(wireType, end);
      return undefined;
    }
    const stop = c.enter(end);
    if (wanted(stop - c.position)) return readPacked(c, stop, read, numbers);
    skipped ||= stop > c.position;
    c.position = stop;
    return undefined;
  });
  const type = elementTypeOfNumber(dataType);
  if (dataType === 0) malformed(`tensor ${quoteText(name)} has no element type`);
  if (type === undefined) {
    throw new DomainError('unsupported-model', `tensor ${quoteText(name)}: element type ${dataType} is not known here`);
  }
  const count = elementCount(shape);
  const tensor = { name, type, shape };
  if (external) return { ...tensor, external };
  const missing = count > 0 && !skipped && (raw?.length ?? 0) === 0 && numbers.length === 0 && type !== 'string';
  if (missing) return { ...tensor, missing };
  if (skipped || count > mostKnownValues) return tensor;
  if (raw) c.count(count);
  const values = raw ? valuesOfBytes(type, raw, count) : valuesOfNumbers(type, numbers, count);
  return values ? { ...tensor, values } : tensor;
}

/** Its values are never kept; the name is that of the values. */
export function* readSparseTensor(c: WireCursor, end: number): Reading<SourceConstant> {
  let values: SourceConstant | undefined;
  const shape: number[] = [];
  yield* c.fields(end, (number, wireType) => {
    if (number === 1 && wireType === wire.length) {
      return assign(readTensor(c, c.enter(end)), (tensor) => {
        values = tensor;
      });
    }
    if (number === 3) return readIntegers(c, end, wireType, shape, limits.axes);
    return c.skip(wireType, end);
  });
  if (values === undefined) return malformed('a sparse tensor has no values');
  return { name: values.name, type: values.type, shape };
}

/** Runs a reader and keeps what it read. */
export function* assign<T>(reading: Reading<T>, keep: (value: T) => void): Reading<void> {
  keep(yield* reading);
}

/** Integers of 64 bits, packed or one by one. */
export function readIntegers(
  c: WireCursor,
  end: number,
  wireType: number,
  into: number[],
  most: number,
): Reading<void> | undefined {
  return readNumbers(c, end, wireType, wire.varint, (at, stop) => at.int64(stop), into, most);
}

/** Reads a field of numbers into a list, packed or one at a time.
 * @throws DomainError `unsupported-model` for more than `most` */
export function readNumbers(
  c: WireCursor,
  end: number,
  wireType: number,
  single: number,
  read: (c: WireCursor, end: number) => number,
  into: number[],
  most: number,
): Reading<void> | undefined {
  if (wireType === wire.length) {
    const stop = c.enter(end);
    if (stop - c.position > 10 * most) tooLarge(`a list of ${stop - c.position} bytes`);
    return readPacked(c, stop, read, into);
  }
  if (wireType !== single) return c.skip(wireType, end);
  into.push(read(c, end));
  if (into.length > most) tooLarge(`a list of more than ${most} numbers`);
  return undefined;
}

function* readPacked(
  c: WireCursor,
  stop: number,
  read: (c: WireCursor, end: number) => number,
  into: number[],
): Reading<void> {
  if (c.isShort(stop - c.position)) yield;
  while (c.position < stop) {
    into.push(read(c, stop));
    c.count(1);
  }
}
