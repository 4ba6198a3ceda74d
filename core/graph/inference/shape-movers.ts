// Operators that move elements and change shapes, computing nothing.

import { broadcastShape, broadcastValues } from './broadcast.ts';
import type { Known } from './known.ts';
import { elementCount, strided, stridesOf } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

/** 0 keeps the input's dimension (unless `allowzero`), one -1 is what is left. */
function reshape(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const target = n.attributeOrInput('shape', 1) ?? n.wrong('it has no shape');
  const keepZeros = n.int('allowzero', 0) !== 0;
  const shape = target.map((d, axis) => {
    if (d !== 0 || keepZeros) return d;
    return x.shape[axis] ?? n.wrong(`shape [${target}] keeps axis ${axis} of [${x.shape}]`);
  });
  const open = shape.indexOf(-1);
  if (open !== -1) {
    const others = shape.reduce((count, d, axis) => (axis === open ? count : count * d), 1);
    const rest = elementCount(x.shape) / others;
    shape[open] = Number.isInteger(rest) ? rest : n.wrong(`shape [${target}] on [${x.shape}]`);
  }
  if (shape.some((d) => d < 0) || elementCount(shape) !== elementCount(x.shape)) {
    n.wrong(`shape [${target}] on [${x.shape}]`);
  }
  return [reshaped(n, shape)];
}

/** The same elements in another shape. */
function reshaped(n: NodeContext, shape: readonly number[]): Known {
  const x = n.input(0);
  return n.known(x.type, shape, () => x.values);
}

function transpose(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const rank = x.shape.length;
  const permutation = n.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (permutation.length !== rank || n.axes(permutation, rank).some((p, i) => p !== permutation[i])) {
    n.wrong(`permutation [${permutation}] of [${x.shape}]`);
  }
  const strides = stridesOf(x.shape);
  const shape = permutation.map((p) => x.shape[p]!);
  return [
    n.known(
      x.type,
      shape,
      () =>
        x.values &&
        strided(
          x.values,
          shape,
          permutation.map((p) => strides[p]!),
        ),
    ),
  ];
}

/** Axes are an attribute up to opset 12, an input after. */
function squeeze(n: NodeContext): readonly Known[] {
  const { shape } = n.input(0);
  const given = n.attributeOrInput('axes', 1);
  const axes = given ? n.axes(given, shape.length) : [...shape.keys()].filter((axis) => shape[axis] === 1);
  for (const axis of axes) if (shape[axis] !== 1) n.wrong(`squeezes axis ${axis} of [${shape}]`);
  return [
    reshaped(
      n,
      shape.filter((_, axis) => !axes.includes(axis)),
    ),
  ];
}

function unsqueeze(n: NodeContext): readonly Known[] {
  const { shape } = n.input(0);
  const given = n.attributeOrInput('axes', 1) ?? n.wrong('it has no axes');
  const axes = new Set(n.axes(given, shape.length + given.length));
  const kept = shape.values();
  return [
    reshaped(
      n,
      Array.from({ length: shape.length + given.length }, (_, axis) => (axes.has(axis) ? 1 : kept.next().value!)),
    ),
  ];
}

function flatten(n: NodeContext): readonly Known[] {
  const { shape } = n.input(0);
  const axis = n.axis(n.int('axis', 1), shape.length, true);
  return [reshaped(n, [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))])];
}

function concat(n: NodeContext): readonly Known[] {
  const inputs = n.inputs();
  const first = n.input(0);
  const rank = first.shape.length;
  const axis = n.axis(n.requiredInt('axis'), rank);
  let length = 0;
  for (const { shape } of inputs) {
    if (shape.length !== rank || shape.some((d, a) => a !== axis && d !== first.shape[a])) {
      n.wrong(`joins [${first.shape}] and [${shape}] along axis ${axis}`);
    }
    length += shape[axis]!;
  }
  const shape = first.shape.with(axis, length);
  return [
    n.known(first.type, shape, () => {
      if (inputs.some((i) => i.values === undefined)) return undefined;
      if (elementCount(shape) === 0) return [];
      const out: number[] = [];
      const outer = elementCount(shape.slice(0, axis));
      for (let o = 0; o < outer; o++) {
        for (const input of inputs) {
          const chunk = elementCount(input.shape.slice(axis));
          out.push(...input.values!.slice(o * chunk, (o + 1) * chunk));
        }
      }
      return out;
    }),
  ];
}

/** Lengths are an attribute up to opset 12, an input after; without them parts are equal, the last may be shorter. */
function split(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const axis = n.axis(n.int('axis', 0), x.shape.length);
  const length = x.shape[axis]!;
  const count = n.outputCount;
  const given = n.attributeOrInput('split', 1);
  if (given === undefined && n.int('num_outputs', count) !== count) n.wrong(`names ${count} outputs`);
  const part = Math.ceil(length / count);
  const lengths = given ?? Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, length - i * part)));
  if (lengths.length !== count || lengths.reduce((a, b) => a + b, 0) !== length || lengths.some((l) => l < 0)) {
    n.wrong(`splits axis ${axis} of [${x.shape}] into [${lengths}] for ${count} outputs`);
  }
  const strides = stridesOf(x.shape);
  let begin = 0;
  return lengths.map((l) => {
    const offset = begin * strides[axis]!;
    begin += l;
    const shape = x.shape.with(axis, l);
    return n.known(x.type, shape, () => x.values && strided(x.values, shape, strides, offset));
  });
}

/** Begins, ends and axes are attributes up to opset 9, inputs (with steps) after. */
function slice(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const rank = x.shape.length;
  const begins = n.attributeOrInput('starts', 1) ?? n.wrong('it has no starts');
  const ends = n.attributeOrInput('ends', 2) ?? n.wrong('it has no ends');
  const axes = n.axes(n.attributeOrInput('axes', 3) ?? [...begins.keys()], rank);
  const steps = (n.has(4) ? n.values(4, 'steps') : undefined) ?? begins.map(() => 1);
  if (ends.length !== begins.length || axes.length !== begins.length || steps.length !== begins.length) {
    n.wrong(`${begins.length} starts, ${ends.length} ends, ${axes.length} axes and ${steps.length} steps`);
  }
  const shape = [...x.shape];
  const strides = stridesOf(x.shape);
  let offset = 0;
  axes.forEach((axis, i) => {
    const length = x.shape[axis]!;
    const step = steps[i]!;
    if (step === 0 || !Number.isInteger(step)) n.wrong(`a step of ${step}`);
    const place = (value: number, least: number, most: number) =>
      Math.min(most, Math.max(least, value < 0 ? value + length : value));
    const begin = step > 0 ? place(begins[i]!, 0, length) : place(begins[i]!, 0, length - 1);
    const end = step > 0 ? place(ends[i]!, 0, length) : place(ends[i]!, -1, length - 1);
    shape[axis] = Math.max(0, Math.ceil((end - begin) / step));
    offset += begin * strides[axis]!;
    strides[axis]! *= step;
  });
  return [n.known(x.type, shape, () => x.values && strided(x.values, shape, strides, offset))];
}

/** Pads are an attribute up to opset 10, an input (and axes from 18) after: begins of every axis, then ends. */
function pad(n: NodeContext): readonly Known[] {
  const { type, shape } = n.input(0);
  const pads = n.attributeOrInput('pads', 1) ?? n.ints('paddings') ?? n.wrong('it has no pads');
  const axes = n.has(3) ? n.axes(n.values(3, 'axes'), shape.length) : [...shape.keys()];
  if (pads.length !== 2 * axes.length) n.wrong(`${pads.length} pads for ${axes.length} axes`);
  const out = [...shape];
  axes.forEach((axis, i) => {
    out[axis]! += pads[i]! + pads[i + axes.length]!;
  });
  return [{ type, shape: out }];
}

function expand(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const target = n.values(1, 'shape');
  if (target.some((d) => d < 0)) n.wrong(`shape [${target}]`);
  const shape = broadcastShape(n, [x.shape, target]);
  return [n.known(x.type, shape, () => broadcastValues(x, shape))];
}

function tile(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const repeats = n.values(1, 'repeats');
  if (repeats.length !== x.shape.length) n.wrong(`${repeats.length} repeats for ${x.shape.length} axes`);
  const shape = x.shape.map((d, axis) => d * repeats[axis]!);
  return [
    n.known(x.type, shape, () => {
      if (x.values === undefined || x.shape.length !== 1) return undefined;
      return Array.from({ length: shape[0]! }, (_, i) => x.values![i % x.shape[0]!]!);
    }),
  ];
}

function depthToSpace(n: NodeContext): readonly Known[] {
  const [batch, channels, height, width] = n.shapeOfRank(0, 4, 4) as [number, number, number, number];
  const block = n.requiredInt('blocksize');
  if (block < 1 || channels % block ** 2 !== 0) n.wrong(`blocks of ${block} of ${channels} channels`);
  return [{ type: n.type(0), shape: [batch, channels / block ** 2, height * block, width * block] }];
}

function spaceToDepth(n: NodeContext): readonly Known[] {
  const [batch, channels, height, width] = n.shapeOfRank(0, 4, 4) as [number, number, number, number];
  const block = n.requiredInt('blocksize');
  if (block < 1 || height % block !== 0 || width % block !== 0) n.wrong(`blocks of ${block} of ${height}×${width}`);
  return [{ type: n.type(0), shape: [batch, channels * block ** 2, height / block, width / block] }];
}

function centerCropPad(n: NodeContext): readonly Known[] {
  const { type, shape } = n.input(0);
  const lengths = n.values(1, 'shape');
  const axes = n.axes(n.ints('axes') ?? [...shape.keys()], shape.length);
  if (lengths.length !== axes.length) n.wrong(`${lengths.length} lengths for ${axes.length} axes`);
  const out = [...shape];
  axes.forEach((axis, i) => {
    out[axis] = lengths[i]!;
  });
  return [{ type, shape: out }];
}

export const shapeMoverRules: Readonly<Record<string, Rule>> = {
  Reshape: reshape,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Expand: expand,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  CenterCropPad: centerCropPad,
  Trilu: (n) => [{ type: n.type(0), shape: n.shapeOfRank(0, 2) }],
  ReverseSequence: (n) => [{ type: n.type(0), shape: n.shapeOfRank(0, 2) }],
};
