// NumPy's broadcasting (https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md).
import { type Known, strided, stridesOf } from './known.ts';
import type { NodeContext } from './node-context.ts';

/** The shape that operands of these shapes are broadcast to.
 * @throws DomainError naming the node when they do not fit */
export function broadcastShape(context: NodeContext, shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = shapes.reduce((most, s) => Math.max(most, s.length), 0);
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const axis = rank - shape.length + i;
      const d = shape[i]!;
      if (d === 1 || d === out[axis]) continue;
      if (out[axis] !== 1) context.wrong(`shapes ${shapes.map((s) => `[${s}]`).join(' and ')} do not broadcast`);
      out[axis] = d;
    }
  }
  return out;
}

/** The values of a tensor seen as one of a shape that it broadcasts to. */
export function broadcastValues(tensor: Known, shape: readonly number[]): readonly number[] | undefined {
  if (tensor.values === undefined) return undefined;
  const strides = stridesOf(tensor.shape).map((s, axis) => (tensor.shape[axis] === 1 ? 0 : s));
  const missing = new Array<number>(shape.length - tensor.shape.length).fill(0);
  return strided(tensor.values, shape, [...missing, ...strides]);
}
