// Operators as networks of one or two nodes, by their shapes. A key says all that there is to know of one:
// `convolution/3x3_s2_64_128_at_28` is 64 maps of 28 × 28 → 128 with a window of 3 × 3 at stride 2. Equal keys are
// equal graphs, for good: what is measured under a key is compared over years.
import type { Attribute } from '#core/graph/operator-graph.ts';
import type { DescribedNetwork } from '#core/search-space/network/with-weights.ts';
import { type ActivationName, activation, enlarged } from './layer-words.ts';
import { type NetworkPen, networkPen } from './network-pen.ts';

export interface StandardOperator {
  readonly key: string;
  /** The operator as a network, to be given weights and measured. */
  describe(batchSize: number): DescribedNetwork;
}

/** @param shape of one image or sequence, without the batch */
function operator(key: string, shape: readonly number[], draw: (pen: NetworkPen, x: string) => string) {
  const name = key.replace('/', '_');
  return {
    key,
    describe(batchSize: number): DescribedNetwork {
      const pen = networkPen(name, [batchSize, ...shape]);
      return pen.finish(draw(pen, pen.input));
    },
  };
}

const map = (channels: number, side: number): readonly number[] => [channels, side, side];
const joined = (...words: readonly (string | number)[]): string => words.filter((word) => word !== '').join('_');
const windowed = (window: Window['window']): string =>
  typeof window === 'number' ? `${window}x${window}` : window.join('x');
const strided = (stride: number): string => (stride === 1 ? '' : `s${stride}`);

export interface Window {
  /** Length of the square window, or its height and width. */
  readonly window: number | readonly [number, number];
  readonly stride?: number;
  /** Side of the square input, pixels. */
  readonly side: number;
}

/** What is fused into a convolution by most runtimes: an activation, or the sum of a shortcut and an activation. */
export type Tail = 'relu' | 'silu' | 'sum';

/** With a bias. */
export function convolution(
  from: number,
  to: number,
  { window, stride = 1, side, groups = 1, tail }: Window & { readonly groups?: number; readonly tail?: Tail },
): StandardOperator {
  const kind = groups === 1 ? 'convolution' : 'grouped';
  const parts = [groups === 1 ? '' : `g${groups}`, from, to, 'at', side, tail ?? ''];
  const key = `${kind}/${joined(windowed(window), strided(stride), ...parts)}`;
  return operator(key, map(from, side), (pen, x) => {
    const y = pen.convolution(x, { channels: to, kernel: window, stride, groups });
    if (tail === undefined) return y;
    return tail === 'sum' ? activation(pen, 'relu', pen.node('Add', [y, x])) : activation(pen, tail, y);
  });
}

/** Every channel by itself, with a bias. */
export function depthwise(channels: number, { window, stride = 1, side }: Window): StandardOperator {
  const key = `depthwise/${joined(windowed(window), strided(stride), channels, 'at', side)}`;
  return operator(key, map(channels, side), (pen, x) =>
    pen.convolution(x, { channels, kernel: window, stride, groups: channels }),
  );
}

/** Twice the positions along each axis. */
export function transposedConvolution(from: number, to: number, side: number): StandardOperator {
  return operator(`transposed/2x2_s2_${from}_${to}_at_${side}`, map(from, side), (pen, x) =>
    pen.convolution(x, { channels: to, kernel: 2, stride: 2, transposed: true }),
  );
}

/** A fully connected layer with bias on one vector. */
export function fullyConnected(from: number, to: number): StandardOperator {
  return operator(`dense/${from}_${to}`, [from], (pen, x) =>
    pen.node('Gemm', [x, pen.weights([to, from], from), pen.vector(to, 0)], { transB: 1 }),
  );
}

/** A fully connected layer with bias on every position of a sequence. */
export function sequenceProduct(positions: number, from: number, to: number): StandardOperator {
  return operator(`dense/${positions}x${from}_${to}`, [positions, from], (pen, x) => pen.dense(x, to));
}

/** One product a head: heads × rows × inner by heads × inner × columns. */
export function batchedProduct(heads: number, rows: number, inner: number, columns: number): StandardOperator {
  return operator(`batched/${heads}x${rows}x${inner}x${columns}`, [heads, rows, inner], (pen, x) =>
    pen.node('MatMul', [x, pen.anotherInput([pen.shapeOf(x)[0]!, heads, inner, columns])]),
  );
}

/** Padded, so that the size is kept at stride 1. */
export function pool(
  kind: 'max' | 'average',
  channels: number,
  { window, stride = 1, side }: Window & { readonly window: number },
): StandardOperator {
  const key = `pool/${joined(kind, `${window}x${window}`, strided(stride), channels, 'at', side)}`;
  return operator(key, map(channels, side), (pen, x) =>
    pen.pool(kind === 'max' ? 'MaxPool' : 'AveragePool', x, window, stride),
  );
}

/** The mean over all positions. */
export function globalPool(channels: number, side: number): StandardOperator {
  return operator(`pool/global_${channels}_at_${side}`, map(channels, side), (pen, x) =>
    pen.node('GlobalAveragePool', [x]),
  );
}

/** The mean over the last axis. */
export function rowMeans(rows: number, length: number): StandardOperator {
  return operator(`pool/rows_${rows}x${length}`, [rows, length], (pen, x) =>
    pen.node('ReduceMean', [x], { axes: [-1], keepdims: 1 }),
  );
}

const elementwise = { sum: 'Add', product: 'Mul' } as const;

/** Element by element of two maps. */
export function pairOf(kind: keyof typeof elementwise, channels: number, side: number): StandardOperator {
  return operator(`${kind}/${channels}_at_${side}`, map(channels, side), (pen, x) =>
    pen.node(elementwise[kind], [x, pen.anotherInput(pen.shapeOf(x))]),
  );
}

/** A map by one factor a channel. */
export function channelGate(channels: number, side: number): StandardOperator {
  return operator(`product/gate_${channels}_at_${side}`, map(channels, side), (pen, x) =>
    pen.node('Mul', [x, pen.anotherInput([pen.shapeOf(x)[0]!, channels, 1, 1])]),
  );
}

/** On a map. */
export function activationOf(name: ActivationName, channels: number, side: number): StandardOperator {
  const key = `activation/${name.replace('-', '_')}_${channels}_at_${side}`;
  return operator(key, map(channels, side), (pen, x) => activation(pen, name, x));
}

/** On a sequence. */
export function sequenceActivation(name: ActivationName, positions: number, width: number): StandardOperator {
  const key = `activation/${name.replace('-', '_')}_${positions}x${width}`;
  return operator(key, [positions, width], (pen, x) => activation(pen, name, x));
}

/** Over the last axis. */
export function softmax(rows: readonly number[]): StandardOperator {
  return operator(`softmax/${rows.join('x')}`, rows, (pen, x) => pen.node('Softmax', [x], { axis: -1 }));
}

/** Over the last axis of a sequence. */
export function layerNormalization(positions: number, width: number): StandardOperator {
  return operator(`normalization/layer_${positions}x${width}`, [positions, width], (pen, x) =>
    pen.layerNormalization(x),
  );
}

/** By fixed numbers a channel, or by the map's own. */
export function mapNormalization(kind: 'batch' | 'instance', channels: number, side: number): StandardOperator {
  return operator(`normalization/${kind}_${channels}_at_${side}`, map(channels, side), (pen, x) => {
    if (kind === 'batch') return pen.batchNormalization(x);
    const [scale, shift] = [pen.vector(channels, 1), pen.vector(channels, 0)];
    return pen.node('InstanceNormalization', [x, scale, shift], { epsilon: Math.fround(1e-5) });
  });
}

/** Two maps of equal shape, along their channels. */
export function concatenation(channels: number, side: number): StandardOperator {
  return operator(`concatenation/${channels}_at_${side}`, map(channels, side), (pen, x) =>
    pen.node('Concat', [x, pen.anotherInput(pen.shapeOf(x))], { axis: 1 }),
  );
}

/** Halves of the channels, and their difference: whatever is not told need not be made. */
export function split(channels: number, side: number): StandardOperator {
  return operator(`split/${channels}_at_${side}`, map(channels, side), (pen, x) => {
    const [half, other] = pen.split(x, 1, 2) as [string, string];
    return pen.node('Sub', [half, other]);
  });
}

/** Channels from second to last place. */
export function channelsLast(channels: number, side: number): StandardOperator {
  return operator(`transpose/last_${channels}_at_${side}`, map(channels, side), (pen, x) =>
    pen.transpose(x, [0, 2, 3, 1]),
  );
}

/** Positions × heads × width → heads × positions × width. */
export function headsFirst(positions: number, heads: number, width: number): StandardOperator {
  return operator(`transpose/heads_${positions}x${heads}x${width}`, [positions, heads, width], (pen, x) =>
    pen.transpose(x, [0, 2, 1, 3]),
  );
}

/** Twice the positions along each axis, copied or between their neighbours. */
export function resize(mode: 'nearest' | 'linear', channels: number, side: number): StandardOperator {
  return operator(`resize/${mode}_${channels}_at_${side}`, map(channels, side), (pen, x) => enlarged(pen, x, mode));
}

/** Every second position of a sequence; at most 64 of them, which a profile's graphs may spell. */
export function gather(positions: number, width: number): StandardOperator {
  const chosen = Array.from({ length: positions / 2 }, (_, i) => 2 * i);
  return operator(`gather/${positions}x${width}`, [positions, width], (pen, x) =>
    pen.node('Gather', [x, pen.integers(chosen)], { axis: 1 }),
  );
}

/** A frame of zeros, one pixel wide. */
export function pad(channels: number, side: number): StandardOperator {
  const attributes: Readonly<Record<string, Attribute>> = { mode: 'constant' };
  return operator(`pad/${channels}_at_${side}`, map(channels, side), (pen, x) =>
    pen.node('Pad', [x, pen.integers([0, 0, 1, 1, 0, 0, 1, 1])], attributes),
  );
}

/** Next to nothing: what a run costs by itself. */
export function emptyRun(): StandardOperator {
  return operator('run/empty', [16], (pen, x) => activation(pen, 'relu', x));
}
