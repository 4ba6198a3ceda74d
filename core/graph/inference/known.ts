// What inference knows of a tensor: type and shape, and the values where they are few and follow from the graph alone.
import type { ElementType } from '../operator-graph.ts';

export interface Known {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Row-major. Integers outside ±2^53 are clipped to it. */
  readonly values?: readonly number[];
  /** A constant whose values are in another file, which is never opened. */
  readonly external?: boolean;
}

/** Tensors with more elements are followed by shape only. */
export const mostKnownValues = 1024;

/** Number of elements of a tensor of this shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const d of shape) count *= d;
  return count;
}

/** Row-major distances between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The values of a tensor of `shape` whose element at an index is `values[offset + Σ index[axis] · strides[axis]]`. */
export function strided(
  values: readonly number[],
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): number[] {
  // Without this an empty tensor of a long axis would be walked along that axis.
  if (elementCount(shape) === 0) return [];
  const out: number[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis === shape.length) out.push(values[at]!);
    else for (let i = 0; i < shape[axis]!; i++) walk(axis + 1, at + i * strides[axis]!);
  };
  walk(0, offset);
  return out;
}
