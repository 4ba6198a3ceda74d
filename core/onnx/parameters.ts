// Named weight tensors packed into one flat vector: the optimiser then needs a handful of nodes, not a handful a
// tensor.
import type { Tensor } from './graph-builder.ts';
import { elementCount } from './model.ts';
import { concatenate, reshape, slice } from './operators.ts';

export type ParameterShapes = Readonly<Record<string, readonly number[]>>;

export interface ParameterLayout<S extends ParameterShapes> {
  readonly shapes: S;
  /** Offset of each tensor's first element in the flat vector. */
  readonly offsets: Readonly<Record<keyof S, number>>;
  readonly count: number;
}

/** Where each named tensor lies in one flat vector, in the order of the names. */
export function parameterLayout<S extends ParameterShapes>(shapes: S): ParameterLayout<S> {
  let count = 0;
  const offsets = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const offset = count;
      count += elementCount(shape);
      return [name, offset];
    }),
  ) as Record<keyof S, number>;
  return { shapes, offsets, count };
}

/** The tensors inside a flat vector [layout.count]. */
export function unpack<S extends ParameterShapes>(layout: ParameterLayout<S>, flat: Tensor): Record<keyof S, Tensor> {
  return Object.fromEntries(
    Object.entries(layout.shapes).map(([name, shape]) => {
      const offset = layout.offsets[name]!;
      return [name, reshape(slice(flat, 0, offset, offset + elementCount(shape)), shape)];
    }),
  ) as Record<keyof S, Tensor>;
}

/** The flat vector of tensors in the layout's order. */
export function pack<S extends ParameterShapes>(
  layout: ParameterLayout<S>,
  tensors: Readonly<Record<keyof S, Tensor>>,
): Tensor {
  return concatenate(
    Object.entries(layout.shapes).map(([name, shape]) => reshape(tensors[name]!, [elementCount(shape)])),
    0,
  );
}

/** One tensor's values inside a flat vector (a view, not a copy). */
export function parameterView<S extends ParameterShapes>(
  layout: ParameterLayout<S>,
  flat: Float32Array,
  name: keyof S,
): Float32Array {
  const offset = layout.offsets[name];
  return flat.subarray(offset, offset + elementCount(layout.shapes[name]!));
}
