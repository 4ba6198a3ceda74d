// Windows that slide over an image: convolutions and pools. Shapes are [batch, channels, …spatial].
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begins of every axis, then ends. */
  readonly pads: readonly number[];
  readonly autoPad: string;
}

/** No axis is longer: more would make numbers of work that no number holds. */
const farthest = 2 ** 31 - 1;

function windowOf(n: NodeContext, kernel: readonly number[]): Window {
  const axes = kernel.length;
  const list = (name: string, length: number, fallback: number, least: number): readonly number[] => {
    const values = n.ints(name) ?? new Array<number>(length).fill(fallback);
    if (values.length !== length) n.wrong(`${name} has ${values.length} values, not ${length}`);
    if (values.some((v) => !Number.isInteger(v) || v < least || v > farthest)) {
      n.wrong(`${name} [${values}] is not between ${least} and ${farthest}`);
    }
    return values;
  };
  if (kernel.some((k) => !Number.isInteger(k) || k < 1 || k > farthest)) n.wrong(`a window of [${kernel}]`);
  const autoPad = n.string('auto_pad', 'NOTSET');
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(autoPad)) n.wrong(`auto_pad is ${autoPad}`);
  return {
    kernel,
    strides: list('strides', axes, 1, 1),
    dilations: list('dilations', axes, 1, 1),
    pads: autoPad === 'NOTSET' ? list('pads', 2 * axes, 0, -(2 ** 31)) : new Array<number>(2 * axes).fill(0),
    autoPad,
  };
}

/** How many windows fit along each axis. `ceil`: a last one may hang over the end, if it begins before it. */
function slide(n: NodeContext, spatial: readonly number[], window: Window, ceil = false): readonly number[] {
  return spatial.map((length, axis) => {
    const stride = window.strides[axis]!;
    if (window.autoPad.startsWith('SAME')) return Math.ceil(length / stride);
    const begin = window.pads[axis]!;
    const padded = length + begin + window.pads[axis + spatial.length]!;
    const reach = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
    if (padded < reach) n.wrong(`a window of ${reach} on ${padded} positions of axis ${axis + 2}`);
    const steps = (padded - reach) / stride;
    if (!ceil) return Math.floor(steps) + 1;
    const count = Math.ceil(steps) + 1;
    return (count - 1) * stride >= length + begin ? count - 1 : count;
  });
}

/** Conv and its quantised forms: input and weight are at the given places. */
export function convolutionShape(n: NodeContext, input: number, weight: number): readonly number[] {
  const x = n.shapeOfRank(input, 3);
  const w = n.shapeOfRank(weight, x.length, x.length);
  const group = n.int('group', 1);
  if (group < 1 || x[1] !== w[1]! * group || w[0]! % group !== 0) {
    n.wrong(`weights [${w}] in ${group} groups on an input [${x}]`);
  }
  const kernel = w.slice(2);
  const stated = n.ints('kernel_shape') ?? kernel;
  if (stated.join() !== kernel.join()) n.wrong(`kernel_shape [${stated}] with weights [${w}]`);
  return [x[0]!, w[0]!, ...slide(n, x.slice(2), windowOf(n, kernel))];
}

/** Some exporters leave kernel_shape's meaning to the weight [inputs, outputs / group, …kernel]. */
function transposedConvolution(n: NodeContext): readonly Known[] {
  const x = n.shapeOfRank(0, 3);
  const w = n.shapeOfRank(1, x.length, x.length);
  const group = n.int('group', 1);
  if (group < 1 || x[1] !== w[0]) n.wrong(`weights [${w}] in ${group} groups on an input [${x}]`);
  const spatial = x.slice(2);
  const window = windowOf(n, w.slice(2));
  const more = n.ints('output_padding') ?? spatial.map(() => 0);
  const stated = n.ints('output_shape');
  if (more.length !== spatial.length) n.wrong(`output_padding [${more}] for ${spatial.length} axes`);
  if (stated && stated.length < spatial.length) n.wrong(`output_shape [${stated}] for ${spatial.length} axes`);
  const out = spatial.map((length, axis) => {
    // The specification allows the whole shape as well as the spatial part.
    if (stated) return stated[stated.length - spatial.length + axis]!;
    const stride = window.strides[axis]!;
    if (window.autoPad.startsWith('SAME')) return length * stride;
    const reach = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
    return stride * (length - 1) + more[axis]! + reach - window.pads[axis]! - window.pads[axis + spatial.length]!;
  });
  return [{ type: n.type(0), shape: [x[0]!, w[1]! * group, ...out] }];
}

/** Shape [N, C, …] of a pool over its window.
 * @throws DomainError naming the node */
export function pooledShape(n: NodeContext, input = 0): readonly number[] {
  const x = n.shapeOfRank(input, 3);
  const kernel = n.ints('kernel_shape') ?? n.wrong('attribute kernel_shape is missing');
  if (kernel.length !== x.length - 2) n.wrong(`kernel_shape [${kernel}] on an input [${x}]`);
  return [x[0]!, x[1]!, ...slide(n, x.slice(2), windowOf(n, kernel), n.int('ceil_mode', 0) === 1)];
}

function pool(n: NodeContext): readonly Known[] {
  return [{ type: n.type(0), shape: pooledShape(n) }];
}

/** Shape [N, C, 1, …] of a pool over everything.
 * @throws DomainError naming the node */
export function globallyPooledShape(n: NodeContext, input = 0): readonly number[] {
  return n.shapeOfRank(input, 3).map((d, axis) => (axis < 2 ? d : 1));
}

/** The inverse of a MaxPool, unless the shape is given. */
function unpool(n: NodeContext): readonly Known[] {
  const type = n.type(0);
  if (n.has(2)) return [{ type, shape: n.values(2, 'output_shape') }];
  const x = n.shapeOfRank(0, 3);
  const { kernel, strides, pads } = windowOf(n, n.ints('kernel_shape') ?? n.wrong('attribute kernel_shape is missing'));
  const axes = x.length - 2;
  if (kernel.length !== axes) n.wrong(`kernel_shape [${kernel}] on an input [${x}]`);
  const spatial = x.slice(2).map((d, a) => (d - 1) * strides[a]! - pads[a]! - pads[a + axes]! + kernel[a]!);
  return [{ type, shape: [x[0]!, x[1]!, ...spatial] }];
}

/** Rows of regions give the batch: [regions, channels, height, width]. */
function regions(size: (n: NodeContext) => readonly [number, number]): Rule {
  return (n) => [{ type: n.type(0), shape: [n.shapeOfRank(1, 2, 2)[0]!, n.shapeOfRank(0, 4, 4)[1]!, ...size(n)] }];
}

function deformable(n: NodeContext): readonly Known[] {
  return [{ type: n.type(0), shape: convolutionShape(n, 0, 1) }];
}

/** [images, channels · block elements, blocks] back into [images, channels, …image_shape]. */
function columnsToImage(n: NodeContext): readonly Known[] {
  const x = n.shapeOfRank(0, 3, 3);
  const image = n.values(1, 'image_shape');
  const block = n.values(2, 'block_shape').reduce((a, b) => a * b, 1);
  if (block < 1 || x[1]! % block !== 0) n.wrong(`${x[1]} channels of columns in blocks of ${block}`);
  return [{ type: n.type(0), shape: [x[0]!, x[1]! / block, ...image] }];
}

export const convolutionRules: Readonly<Record<string, Rule>> = {
  Conv: (n) => [{ type: n.type(0), shape: convolutionShape(n, 0, 1) }],
  ConvTranspose: transposedConvolution,
  DeformConv: deformable,
  Col2Im: columnsToImage,
  MaxPool: (n) => [...pool(n), { type: 'int64', shape: pooledShape(n) }],
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: (n) => [{ type: n.type(0), shape: globallyPooledShape(n) }],
  GlobalMaxPool: (n) => [{ type: n.type(0), shape: globallyPooledShape(n) }],
  GlobalLpPool: (n) => [{ type: n.type(0), shape: globallyPooledShape(n) }],
  MaxUnpool: unpool,
  MaxRoiPool: regions((n) => {
    const [height, width] = n.ints('pooled_shape') ?? [];
    return [height ?? n.wrong('attribute pooled_shape is missing'), width ?? n.wrong('pooled_shape has one value')];
  }),
  RoiAlign: regions((n) => [n.int('output_height', 1), n.int('output_width', 1)]),
};
