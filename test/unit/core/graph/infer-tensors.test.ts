// Rules of single operators, with shapes worked out by hand from the operators' specification. A case is a line:
// operator[-opset], inputs, attributes => outputs. A tensor is `type:2x3` (float32 where no type is said); constants
// are `#values@shape` (int64, one axis, where nothing else is said); `_` is an input left out.
import { describe, expect, it } from 'vitest';
import { inferTensors } from '#core/graph/complete-graph.ts';
import type { Attribute, ConstantTensor, ElementType, Tensor } from '#core/graph/operator-graph.ts';

const shapeOf = (text: string): number[] => (text === 'scalar' ? [] : text.split('x').map(Number));

function tensorOf(text: string, index: number): ConstantTensor | undefined {
  if (text === '_') return undefined;
  const [content, stated] = text.split(':').reverse() as [string, ElementType?];
  const name = `x${index}`;
  if (!content.startsWith('#')) return { name, type: stated ?? 'float32', shape: shapeOf(content) };
  const [list, shape] = content.slice(1).split('@') as [string, string?];
  const values = list.split(',').map(Number);
  return { name, type: stated ?? 'int64', shape: shape ? shapeOf(shape) : [values.length], values };
}

function attributeOf(text: string): [string, Attribute] {
  const [name, value] = text.split('=') as [string, string];
  if (value.startsWith('[')) return [name, value.slice(1, -1).split(',').map(Number)];
  return [name, Number.isNaN(Number(value)) ? value : Number(value)];
}

function shown({ type, shape }: Tensor): string {
  return `${type === 'float32' ? '' : `${type}:`}${shape.length === 0 ? 'scalar' : shape.join('x')}`;
}

/** The outputs of a case, in its words. */
function outputsOf(line: string, outputs: number): string {
  const [head = '', ...parts] = line.trim().split(' ');
  const [, domain, operator = '', opset = '17'] = /^(?:([\w.]+):)?(\w+?)(?:-(\d+))?$/.exec(head)!;
  const given = parts.filter((p) => !p.includes('='));
  const tensors = given.map(tensorOf);
  const node = {
    operator,
    ...(domain ? { domain } : {}),
    name: 'n',
    inputs: tensors.map((t) => t?.name ?? ''),
    outputs: Array.from({ length: outputs }, (_, i) => `y${i}`),
    attributes: Object.fromEntries(parts.filter((p) => p.includes('=')).map(attributeOf)),
  };
  const there = tensors.filter((t) => t !== undefined);
  const inputs = there.filter((t) => t.values === undefined);
  const constants = there.filter((t) => t.values !== undefined);
  return inferTensors([node], inputs, constants, Number(opset)).map(shown).join(' ');
}

const cases = `
  // Convolutions: (length + pads − (kernel − 1) · dilation − 1) / stride + 1, rounded down.
  Conv 1x3x224x224 64x3x7x7 strides=[2,2] pads=[3,3,3,3] => 1x64x112x112
  Conv 1x4x10 8x1x3 group=4 dilations=[2] => 1x8x6
  Conv 1x1x5x5 1x1x3x3 auto_pad=SAME_UPPER strides=[2,2] => 1x1x3x3
  Conv 1x1x5x5 1x1x3x3 auto_pad=VALID => 1x1x3x3
  ConvTranspose 1x8x7x7 8x4x4x4 strides=[2,2] pads=[1,1,1,1] group=2 => 1x8x14x14
  ConvTranspose 1x1x3x3 1x2x3x3 strides=[3,2] output_padding=[1,1] => 1x2x10x8
  ConvTranspose 1x1x3x3 1x2x3x3 strides=[3,2] output_shape=[10,8] => 1x2x10x8
  MaxPool 1x1x112x112 kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1] => 1x1x56x56 int64:1x1x56x56
  MaxPool 1x1x6x6 kernel_shape=[3,3] strides=[2,2] ceil_mode=1 => 1x1x3x3
  // A last window that would begin behind the end is dropped: windows at 0 and 2, none at 4.
  AveragePool 1x1x4 kernel_shape=[1] strides=[2] ceil_mode=1 => 1x1x2
  GlobalAveragePool 2x5x7x7 => 2x5x1x1
  RoiAlign 1x256x50x50 12x4 #0 output_height=7 output_width=7 => 12x256x7x7
  ConvInteger 1x3x8x8 4x3x3x3 => int32:1x4x6x6
  // Products.
  MatMul 2x1x3x4 5x4x6 => 2x5x3x6
  MatMul 4 4x6 => 6
  MatMul 4 4 => scalar
  Gemm 4x3 5x4 5 transA=1 transB=1 => 3x5
  Einsum 2x3x4 2x4x5 equation=bij,bjk->bik => 2x3x5
  Einsum 2x3x4x5 5x4 equation=...ij,jk->...ik => 2x3x4x4
  Einsum 3x4 4x5 equation=ij,jk => 3x5
  // Moves: attributes in old opsets, inputs in new ones.
  Reshape 2x3x4 #0,-1 => 2x12
  Transpose 2x3x4 => 4x3x2
  Transpose 2x3x4 perm=[1,0,2] => 3x2x4
  Squeeze-11 1x3x1 axes=[-1] => 1x3
  Squeeze 1x3x1 #0 => 3x1
  Squeeze 1x3x1 => 3
  Unsqueeze-11 3x4 axes=[0,3] => 1x3x4x1
  Unsqueeze 3x4 #-1,1 => 3x1x4x1
  Flatten 2x3x4x5 axis=2 => 6x20
  Flatten 2x3x4 axis=-3 => 1x24
  Concat 2x3 2x5 axis=-1 => 2x8
  Split-11 7x2 split=[3,4] => 3x2 4x2
  Split 2x6 #1,5 axis=1 => 2x1 2x5
  Split-18 7 num_outputs=3 => 3 3 1
  Slice-9 10x20 starts=[1,-5] ends=[9,2147483647] => 8x5
  Slice 10 #-1 #-2147483647 #0 #-3 => 4
  Slice 10x20 #0 #5 #1 #2 => 10x3
  Pad-10 1x2 pads=[0,1,2,3] => 3x6
  Pad 1x2 #0,1,2,3 => 3x6
  Pad-18 1x2 #1,1 _ #-1 => 1x4
  Expand 3x1 #2,1,6 => 2x3x6
  Tile 2x3 #2,1 => 4x3
  DepthToSpace 1x8x2x3 blocksize=2 => 1x2x4x6
  SpaceToDepth 1x2x4x6 blocksize=2 => 1x8x2x3
  Resize 1x3x5x5 _ float32:#1,1,2,1.5 => 1x3x10x7
  Resize 1x3x5x5 _ _ #1,3,9,8 => 1x3x9x8
  Resize-10 1x3x5x5 float32:#1,1,2,2 => 1x3x10x10
  // 100 / 50 and 30 / 20: the smaller ratio, 1.5, scales both.
  Resize-18 1x3x50x20 _ _ #100,30 axes=[2,3] keep_aspect_ratio_policy=not_larger => 1x3x75x30
  Upsample-7 1x1x4x4 scales=[1,1,2,2] => 1x1x8x8
  Upsample-9 1x1x4x4 float32:#1,1,2,2 => 1x1x8x8
  GridSample 2x3x8x8 2x5x6x2 => 2x3x5x6
  // Indices.
  Gather 30x8 #1,2,3,4,5,6@2x3 => 2x3x8
  Gather 4x8x5 #1@scalar axis=1 => 4x5
  GatherND 2x3x4 #0,1@2x1 batch_dims=1 => 2x4
  GatherElements 3x4 #0,1@2x1 => 2x1
  ScatterND 4x4 #1 1x4 => 4x4
  OneHot 2x3 #10@scalar float32:#0,1 axis=1 => 2x10x3
  TopK 3x100 #5 => 3x5 int64:3x5
  TopK-9 3x100 k=5 axis=-1 => 3x5 int64:3x5
  ArgMax 3x7 axis=1 keepdims=0 => int64:3
  NonZero #0,3,0,4@2x2 => int64:2x2
  Compress 3x5 bool:#1,0,1 axis=0 => 2x5
  // Reductions: axes as an attribute, as an input, none at all.
  ReduceMean 2x3x4 axes=[1,-1] keepdims=0 => 2
  ReduceMean-18 2x3x4 #1 => 2x1x4
  ReduceSum 2x3 noop_with_empty_axes=1 => 2x3
  ReduceSum 2x3 keepdims=0 => scalar
  // Normalisations and recurrent layers.
  LayerNormalization 2x5x8 8 8 => 2x5x8 2x5x1 2x5x1
  BatchNormalization 2x5x8 5 5 5 5 => 2x5x8
  LSTM 10x2x4 2x12x4 2x12x3 hidden_size=3 direction=bidirectional => 10x2x2x3 2x2x3 2x2x3
  GRU 10x2x4 1x9x4 1x9x3 hidden_size=3 => 10x1x2x3 1x2x3
  RNN 2x10x4 1x3x4 1x3x3 hidden_size=3 layout=1 => 2x10x1x3 2x1x3
  // Attention: 8 queries of 2 heads on a past of 5 and 8 keys of one head.
  Attention-23 1x8x32 1x8x16 1x8x16 _ 1x1x5x16 1x1x5x16 q_num_heads=2 kv_num_heads=1 => 1x8x32 1x1x13x16 1x1x13x16 1x2x8x13
  Attention-23 1x2x8x16 1x2x9x16 1x2x9x4 => 1x2x8x4
  // Types.
  Cast 2 to=7 => int64:2
  Greater 2x1 3 => bool:2x3
  QuantizeLinear 2x3 float32:#0.1 int8:#0 => int8:2x3
  QuantizeLinear 2x3 float32:#0.1 => uint8:2x3
  DynamicQuantizeLinear 2x3 => uint8:2x3 scalar uint8:scalar
  Shape-15 2x3x4 start=1 => int64:2
  Range #0 #10 #3 => int64:4
  // ONNX Runtime's own.
  com.microsoft:FusedMatMul 2x3x4 2x5x4 transB=1 => 2x3x5
  com.microsoft:SkipLayerNormalization 2x5x8 2x5x8 8 => 2x5x8
  com.microsoft:Attention 2x5x8 8x24 24 num_heads=2 => 2x5x8
  com.microsoft:MatMulNBits 2x5x8 16x1x4 K=8 N=16 => 2x5x16
`
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('//'));

describe('shapes and types of', () => {
  it.each(cases)('%s', (line) => {
    const [given = '', expected = ''] = line.split(' => ');
    expect(outputsOf(given, expected.split(' ').length)).toBe(expected);
  });
});

const refusals: readonly (readonly [line: string, code: string, message: string])[] = [
  ['Conv 1x3x8x8 4x2x3x3', 'invalid-model', '(Conv): weights [4,2,3,3] in 1 groups on an input [1,3,8,8]'],
  ['Conv 1x3x2x2 4x3x3x3', 'invalid-model', '(Conv): a window of 3 on 2 positions of axis 2'],
  ['Add 2 3', 'invalid-model', '(Add): shapes [2] and [3] do not broadcast'],
  ['Reshape 6 int64:2', 'unsupported-model', '(Reshape): its shape (input 1) is known only when it runs'],
  ['NonZero 4', 'unsupported-model', '(NonZero): its input (input 0) is known only when it runs'],
  ['Loop', 'unsupported-model', '(Loop): control flow: what is run depends on data'],
  ['a.b:Fancy 2', 'unsupported-model', '(a.b:Fancy): this operator is not known, and neither are its shapes'],
  ['Relu _', 'invalid-model', '(Relu): input 0 is missing'],
  ['Concat 4', 'invalid-model', '(Concat): attribute axis is missing'],
  ['Transpose 4x4 perm=[0,0]', 'invalid-model', '(Transpose): axes [0,0] name one twice'],
  ['Flatten 4 axis=0.5', 'invalid-model', '(Flatten): attribute axis is no integer'],
  ['Cast 4 to=14', 'unsupported-model', '(Cast): casts to the element type 14, which is not known here'],
  [
    'Tile 1048576x1048576 #8,8',
    'unsupported-model',
    '(Tile): a tensor of shape [8388608,8388608] is larger than any memory',
  ],
  ['ConvTranspose 1x1x1x1 1x1x1x1 pads=[1,1,1,1]', 'invalid-model', '(ConvTranspose): a tensor of shape [1,1,-1,-1]'],
];

describe('a refusal names node, operator and reason:', () => {
  it.each(refusals)('%s', (line, code, message) => {
    expect(() => outputsOf(line, 1)).toThrowError(expect.objectContaining({ code, message: `node 0 "n" ${message}` }));
  });

  it('an output too many', () => {
    expect(() => outputsOf('Relu 4', 2)).toThrowError('node 0 "n" (Relu): it has no output 1');
  });
});

describe('values', () => {
  /** A chain of single nodes: each line reads what the lines before it named. */
  const chain = (lines: string, outputs: string) => {
    const nodes = lines
      .trim()
      .split('\n')
      .map((line) => {
        const [made = '', call = ''] = line.trim().split(' = ');
        const [operator = '', ...parts] = call.split(' ');
        return {
          operator,
          inputs: parts.filter((p) => !p.includes('=')).map((p) => (p === '_' ? '' : p)),
          outputs: [made],
          attributes: Object.fromEntries(parts.filter((p) => p.includes('=')).map(attributeOf)),
        };
      });
    const constants = [...new Set(nodes.flatMap((n) => n.inputs.filter((i) => i.includes('#'))))].map((text) => ({
      ...tensorOf(text, 0)!,
      name: text,
    }));
    const inputs: Tensor[] = [{ name: 'x', type: 'float32', shape: [2, 6, 8, 10] }];
    const tensors = inferTensors(nodes, inputs, constants, 17);
    return shown(tensors.find((t) => t.name === outputs)!);
  };

  it('follow Shape, Gather, arithmetic, Unsqueeze and Concat into Reshape', () => {
    const lines = `
      s = Shape x
      b = Gather s #0@scalar
      h = Gather s #2@scalar
      half = Div h #2@scalar
      b1 = Unsqueeze b #0
      h1 = Unsqueeze half #0
      t = Concat b1 #-1 h1 axis=0
      y = Reshape x t`;
    // 2 · 6 · 8 · 10 = 960 = 2 · 120 · 4.
    expect(chain(lines, 'y')).toBe('2x120x4');
  });

  it('follow Slice, Cast and float32 scales into Resize', () => {
    const lines = `
      s = Shape x
      hw = Slice s #2 #4
      f = Cast hw to=1
      g = Mul f float32:#1.5@scalar
      i = Cast g to=7
      nc = Slice s #0 #2
      t = Concat nc i axis=0
      y = Resize x _ _ t`;
    expect(chain(lines, 'y')).toBe('2x6x12x15');
  });

  it('follow what exporters write for pads', () => {
    // Four zeros after [1, 2, 3, 4], reversed in pairs: [0, 0, 3, 1 | 0, 0, 4, 2].
    const lines = `
      z = ConstantOfShape #4
      z7 = Cast z to=7
      p = Concat #1,2,3,4 z7 axis=0
      q = Reshape p #-1,2
      r = Slice q #-1 #-9223372036854775807 #0 #-1
      t = Transpose r perm=[1,0]
      v = Reshape t #-1
      y = Pad x v`;
    expect(chain(lines, 'y')).toBe('2x6x15x13');
  });

  it('compare, choose, expand and count', () => {
    const lines = `
      s = Shape x
      m = Equal s #6@scalar
      e = ConstantOfShape #4
      w = Where m #-1@scalar s
      n = NonZero m
      k = ReduceProd s keepdims=0
      r = Range #0@scalar #4@scalar #2@scalar
      y = Reshape x w
      g = Expand #7@scalar r`;
    expect(chain(lines, 'y')).toBe('2x6x8x10');
    expect(chain(lines, 'n')).toBe('int64:1x1');
    expect(chain(lines, 'r')).toBe('int64:2');
  });
});
