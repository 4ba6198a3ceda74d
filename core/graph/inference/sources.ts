// Operators that make tensors out of shapes, attributes and chance; losses; signals; and those that are refused by
// name.
import { elementTypeOfNumber } from '../element-type-number.ts';
import type { ElementType } from '../operator-graph.ts';
import { elementCount, type Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

function constant(n: NodeContext): readonly Known[] {
  const tensor = n.tensor('value') ?? n.tensor('sparse_value');
  if (tensor) return [tensor];
  const list = (name: string, type: ElementType): Known | undefined => {
    const values = n.ints(name);
    return values && n.known(type, [values.length], () => values);
  };
  const scalar = (type: ElementType, value: number): Known => ({ type, shape: [], values: [value] });
  const int = n.int('value_int');
  if (int !== undefined) return [scalar('int64', int)];
  if ('value_float' in n.node.attributes) return [scalar('float32', n.float('value_float', 0))];
  const numbers = list('value_ints', 'int64') ?? list('value_floats', 'float32');
  if (numbers) return [numbers];
  if ('value_string' in n.node.attributes) return [{ type: 'string', shape: [] }];
  const strings = n.node.attributes['value_strings'];
  if (Array.isArray(strings)) return [{ type: 'string', shape: [strings.length] }];
  return n.wrong('it has no value');
}

function shapeOf(n: NodeContext): readonly Known[] {
  const { shape } = n.input(0);
  const bound = (value: number) => Math.min(shape.length, Math.max(0, value < 0 ? value + shape.length : value));
  const values = shape.slice(bound(n.int('start', 0)), bound(n.int('end', shape.length)));
  return [n.known('int64', [values.length], () => values)];
}

function constantOfShape(n: NodeContext): readonly Known[] {
  const shape = n.values(0, 'shape');
  const fill = n.tensor('value');
  const value = fill === undefined ? 0 : fill.values?.[0];
  return [
    n.known(fill?.type ?? 'float32', shape, () =>
      value === undefined ? undefined : new Array<number>(elementCount(shape)).fill(value),
    ),
  ];
}

function range(n: NodeContext): readonly Known[] {
  const [start, limit, delta] = [0, 1, 2].map((i) => n.values(i, 'range')[0] ?? n.wrong('its range has no value'));
  if (delta === 0) n.wrong('a step of 0');
  const count = Math.max(0, Math.ceil((limit! - start!) / delta!));
  return [n.known(n.type(0), [count], () => Array.from({ length: count }, (_, i) => start! + i * delta!))];
}

function stated(n: NodeContext, fallback: ElementType): ElementType {
  const number = n.int('dtype');
  if (number === undefined) return fallback;
  return elementTypeOfNumber(number) ?? n.refuse(`the element type ${number} is not known here`);
}

const random: Rule = (n) => [
  { type: stated(n, 'float32'), shape: n.ints('shape') ?? n.wrong('attribute shape is missing') },
];
const randomLike: Rule = (n) => [{ type: stated(n, n.type(0)), shape: n.shape(0) }];

function multinomial(n: NodeContext): readonly Known[] {
  return [{ type: stated(n, 'int32'), shape: [n.shapeOfRank(0, 2, 2)[0]!, n.int('sample_size', 1)] }];
}

const window: Rule = (n) => [
  {
    type: elementTypeOfNumber(n.int('output_datatype', 1)) ?? 'float32',
    shape: [n.values(0, 'size')[0] ?? n.wrong('its size has no value')],
  },
];

/** Losses: one value, or one an example; the log of probabilities is like the scores. */
const loss: Rule = (n) => [
  { type: n.type(0), shape: n.string('reduction', 'mean') === 'none' ? n.shape(1) : [] },
  { type: n.type(0), shape: n.shape(0) },
];

/** [batch, …signal, 1 or 2] to complex numbers as pairs; the length of the axis may be given. */
function dft(n: NodeContext): readonly Known[] {
  const { type, shape } = n.input(0);
  const given = n.has(2) ? n.values(2, 'axis')[0]! : n.int('axis', n.opset < 20 ? 1 : -2);
  const axis = n.axis(given, shape.length);
  const inverse = n.int('inverse', 0) === 1;
  const oneSided = n.int('onesided', 0) === 1;
  // One-sided: half of the spectrum is there, of a signal of an even length where none is stated.
  const whole = inverse && oneSided ? 2 * (shape[axis]! - 1) : shape[axis]!;
  const length = n.has(1) ? n.values(1, 'dft_length')[0]! : whole;
  const out = oneSided && !inverse ? Math.floor(length / 2) + 1 : length;
  return [{ type, shape: shape.with(axis, out).with(shape.length - 1, oneSided && inverse ? 1 : 2) }];
}

/** [batch, samples, 1] in frames to [batch, frames, bins, 2]. */
function stft(n: NodeContext): readonly Known[] {
  const [batch, samples] = n.shapeOfRank(0, 2, 3) as readonly [number, number];
  const step = n.values(1, 'frame_step')[0]!;
  const frame = n.has(3) ? n.values(3, 'frame_length')[0]! : n.shape(2)[0];
  if (frame === undefined || step < 1 || frame > samples) n.wrong(`frames of ${frame} in ${samples} samples`);
  const bins = n.int('onesided', 1) === 1 ? Math.floor(frame / 2) + 1 : frame;
  return [{ type: n.type(0), shape: [batch, Math.floor((samples - frame) / step) + 1, bins, 2] }];
}

function melWeights(n: NodeContext): readonly Known[] {
  const bins = Math.floor(n.values(1, 'dft_length')[0]! / 2) + 1;
  const type = elementTypeOfNumber(n.int('output_datatype', 1)) ?? 'float32';
  return [{ type, shape: [bins, n.values(0, 'num_mel_bins')[0]!] }];
}

const controlFlow: Rule = (n) => n.refuse('control flow: what is run depends on data');
const sequence: Rule = (n) => n.refuse('sequences and optional values are no tensors');

export const sourceRules: Readonly<Record<string, Rule>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shapeOf,
  Size: (n) => [n.known('int64', [], () => [elementCount(n.shape(0))])],
  Range: range,
  EyeLike: (n) => [{ type: stated(n, n.type(0)), shape: n.shapeOfRank(0, 2, 2) }],
  RandomNormal: random,
  RandomUniform: random,
  Bernoulli: randomLike,
  RandomNormalLike: randomLike,
  RandomUniformLike: randomLike,
  Multinomial: multinomial,
  HannWindow: window,
  HammingWindow: window,
  BlackmanWindow: window,
  DFT: dft,
  STFT: stft,
  MelWeightMatrix: melWeights,
  NegativeLogLikelihoodLoss: loss,
  SoftmaxCrossEntropyLoss: loss,
  If: controlFlow,
  Loop: controlFlow,
  Scan: controlFlow,
  ...Object.fromEntries(
    [
      'SequenceConstruct',
      'SequenceEmpty',
      'SequenceAt',
      'SequenceInsert',
      'SequenceErase',
      'SequenceLength',
      'SequenceMap',
      'SplitToSequence',
      'ConcatFromSequence',
      'Optional',
      'OptionalGetElement',
      'OptionalHasElement',
    ].map((operator) => [operator, sequence]),
  ),
};
