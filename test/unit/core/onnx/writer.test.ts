// The bytes that writer.ts writes, read back by an independent decoder.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GraphBuilder } from '#core/onnx/graph-builder.ts';
import {
  bytesOf,
  type DataType,
  elementCount,
  type GraphDef,
  type NodeAttribute,
  type NodeDef,
  type TensorData,
  type ValueDef,
} from '#core/onnx/model.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import {
  encodePriceNetwork,
  initialParameters,
  priceLayout,
  standardisationOf,
} from '#core/predictor/fitting/price-network.ts';
import { kernelFeatureNames } from '#core/predictor/kernels/kernel-features.ts';
import { seededRandom } from '#core/random.ts';
import { decodeModel, graphOf } from './decode-model.ts';

const readBack = (graph: GraphDef): GraphDef => graphOf(decodeModel(encodeModel(graph)).graph!);

const everything: GraphDef = {
  name: 'graphe d’érable 🍁',
  nodes: [
    {
      operator: 'Loop',
      inputs: ['x', '', 'ünïcode'],
      outputs: ['first', 'second'],
      attributes: {
        float: { float: -0.15625 },
        minusOne: { int: -1 },
        farNegative: { int: -(2 ** 53) + 1 },
        large: { int: 2 ** 53 - 1 },
        zero: { int: 0 },
        text: { string: 'Grüße' },
        noText: { string: '' },
        axes: { ints: [-2, 0, 300, -1] },
        noAxes: { ints: [] },
        value: { tensor: { dataType: 'int32', shape: [2], bytes: bytesOf(Int32Array.of(-7, 1 << 30)) } },
        body: {
          graph: {
            name: 'inner',
            nodes: [{ operator: 'Inverse', domain: 'com.microsoft', inputs: ['a'], outputs: ['b'] }],
            inputs: [{ name: 'a', dataType: 'bool', shape: [] }],
            outputs: [],
            initializers: [{ name: 'empty', dataType: 'float64', shape: [0, 3], bytes: new Uint8Array() }],
          },
        },
      },
    },
    { operator: 'NoOutput', inputs: [], outputs: [] },
  ],
  inputs: [{ name: 'x', dataType: 'int64', shape: ['Anzahl', 0, 1, 200] }],
  outputs: [{ name: 'first', dataType: 'float32', shape: [128, 'n'] }],
  initializers: [
    { name: 'scalar', dataType: 'float32', shape: [], bytes: bytesOf(Float32Array.of(1.5)) },
    { name: 'longs', dataType: 'int64', shape: [2], bytes: bytesOf(BigInt64Array.of(-1n, 2n ** 62n)) },
  ],
};

test('every kind of field reads back as written', () => {
  expect(readBack(everything)).toEqual(everything);
});

test('the model states its versions and operator sets', () => {
  const model = decodeModel(encodeModel(everything, 15));
  expect(model.irVersion).toBe(8n);
  expect(model.producerName).toBe('sugarbush');
  expect(model.opsetImport.map((o) => [o.domain, o.version])).toEqual([
    ['', 15n],
    ['com.microsoft', 1n],
  ]);
  expect(decodeModel(encodeModel(everything)).opsetImport[0]!.version).toBe(17n);
});

test('a tensor that is a view into a larger array is written without its surroundings', () => {
  const all = Float32Array.of(1, 2, 3, 4);
  const graph = new GraphBuilder();
  graph.output(graph.constant(all.subarray(1, 3), [2]), 'out');
  const bytes = readBack(graph.build('view')).initializers[0]!.bytes;
  expect([...new Float32Array(bytes.slice().buffer)]).toEqual([2, 3]);
});

test('the network of the predictor reads back, twice the same bytes', () => {
  const layout = priceLayout(2);
  const parameters = initialParameters(layout, seededRandom(1));
  const standardisation = standardisationOf(new Float32Array(kernelFeatureNames.length));
  const encode = () => encodePriceNetwork(layout, parameters, standardisation);
  const read = graphOf(decodeModel(encode()).graph!);
  expect(read.inputs.map(({ name }) => name)).toEqual(['features', 'membership']);
  expect(read.outputs.map(({ name }) => name)).toEqual(['lnMean0', 'psi0', 'lnMean1', 'psi1']);
  expect(encode()).toEqual(encode());
});

const name = fc.string({ unit: 'grapheme', maxLength: 6 });
const dataType = fc.constantFrom<DataType>('float32', 'float64', 'int32', 'int64', 'bool');
const width: Readonly<Record<DataType, number>> = { float32: 4, float64: 8, int32: 4, int64: 8, bool: 1 };
const tensor: fc.Arbitrary<TensorData> = fc
  .record({ dataType, shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }) })
  .chain(({ dataType: type, shape }) => {
    const length = elementCount(shape) * width[type];
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ dataType: type, shape, bytes: Uint8Array.from(bytes) }));
  });
const value: fc.Arbitrary<ValueDef> = fc.record({
  name,
  dataType,
  shape: fc.array(fc.oneof(fc.nat(), name), { maxLength: 3 }),
});
const { graph } = fc.letrec<{ graph: GraphDef; attribute: NodeAttribute; node: NodeDef }>((tie) => ({
  attribute: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'graphs' },
    fc.oneof(
      fc.float().map((float): NodeAttribute => ({ float })),
      fc.maxSafeInteger().map((int): NodeAttribute => ({ int })),
      name.map((string): NodeAttribute => ({ string })),
      fc.array(fc.maxSafeInteger(), { maxLength: 4 }).map((ints): NodeAttribute => ({ ints })),
      tensor.map((t): NodeAttribute => ({ tensor: t })),
    ),
    tie('graph').map((g): NodeAttribute => ({ graph: g })),
  ),
  node: fc
    .record({
      operator: name,
      domain: fc.constantFrom('', 'com.microsoft'),
      inputs: fc.array(name, { maxLength: 3 }),
      outputs: fc.array(name, { maxLength: 3 }),
      attributes: fc.dictionary(name, tie('attribute'), { maxKeys: 3, noNullPrototype: true }),
    })
    .map(
      ({ domain, attributes, ...node }): NodeDef => ({
        ...node,
        ...(domain === '' ? {} : { domain }),
        ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
      }),
    ),
  graph: fc.record({
    name,
    nodes: fc.array(tie('node'), { maxLength: 3, depthIdentifier: 'graphs' }),
    inputs: fc.array(value, { maxLength: 2 }),
    outputs: fc.array(value, { maxLength: 2 }),
    initializers: fc.array(
      fc.record({ name, tensor }).map(({ name: own, tensor: t }) => ({ name: own, ...t })),
      { maxLength: 2 },
    ),
  }),
}));

test('any graph reads back as written', () => {
  fc.assert(
    fc.property(graph, (any) => {
      expect(readBack(any)).toEqual(any);
    }),
    { numRuns: 300, seed: 1 },
  );
});
