// Resampling of images.
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

/** As runtimes compute it: a product of float32 rounded down. */
function scaled(length: number, scale: number): number {
  return Math.floor(Math.fround(length * Math.fround(scale)));
}

function upsample(n: NodeContext): readonly Known[] {
  const { type, shape } = n.input(0);
  const scales = n.attributeOrInput('scales', 1) ?? n.wrong('it has no scales');
  if (scales.length !== shape.length) n.wrong(`${scales.length} scales for ${shape.length} axes`);
  return [{ type, shape: shape.map((d, axis) => scaled(d, scales[axis]!)) }];
}

/** Opset 10 has (X, scales); later (X, region, scales, sizes), of which scales or sizes is there and not empty. */
function resize(n: NodeContext): readonly Known[] {
  if (n.opset < 11 && n.inputCount <= 2) return upsample(n);
  const { type, shape } = n.input(0);
  const axes = n.axes(n.ints('axes') ?? [...shape.keys()], shape.length);
  const given = (index: number, what: string) => {
    const tensor = n.optional(index);
    return tensor === undefined || tensor.shape[0] === 0 ? undefined : n.values(index, what);
  };
  const sizes = given(3, 'sizes');
  const scales = sizes ? undefined : given(2, 'scales');
  const values = sizes ?? scales ?? n.wrong('it has neither scales nor sizes');
  if (values.length !== axes.length) n.wrong(`[${values}] for ${axes.length} axes`);
  const out = [...shape];
  if (sizes) {
    const lengths = keepingAspect(
      n,
      axes.map((axis) => shape[axis]!),
      sizes,
    );
    axes.forEach((axis, i) => {
      out[axis] = lengths[i]!;
    });
    return [{ type, shape: out }];
  }
  const crops = n.string('coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  const region = crops ? n.values(1, 'region') : undefined;
  axes.forEach((axis, i) => {
    const kept = region ? region[i + axes.length]! - region[i]! : 1;
    out[axis] = scaled(shape[axis]! * kept, values[i]!);
  });
  return [{ type, shape: out }];
}

/** `not_larger` and `not_smaller` scale all axes by the smallest or largest of the ratios. */
function keepingAspect(n: NodeContext, lengths: readonly number[], sizes: readonly number[]): readonly number[] {
  const policy = n.string('keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return sizes;
  const ratios = sizes.map((size, i) => Math.fround(size / lengths[i]!));
  const ratio = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return lengths.map((length) => Math.round(ratio * length));
}

/** The grid gives the places: [batch, …spatial, axes]. */
function gridSample(n: NodeContext): readonly Known[] {
  const x = n.shapeOfRank(0, 3);
  const grid = n.shapeOfRank(1, x.length, x.length);
  return [{ type: n.type(0), shape: [x[0]!, x[1]!, ...grid.slice(1, -1)] }];
}

function affineGrid(n: NodeContext): readonly Known[] {
  const size = n.values(1, 'size');
  if (size.length < 4 || size.length > 5) n.wrong(`a size of [${size}]`);
  return [{ type: n.type(0), shape: [size[0]!, ...size.slice(2), size.length - 2] }];
}

export const resizeRules: Readonly<Record<string, Rule>> = {
  Resize: resize,
  Upsample: upsample,
  GridSample: gridSample,
  AffineGrid: affineGrid,
};
