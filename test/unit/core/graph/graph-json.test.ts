import { describe, expect, it } from 'vitest';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';

/** A valid graph as JSON, with parts of it replaced. */
const graphOf = (change: object = {}) => ({
  name: 'g',
  opset: 17,
  inputs: [{ name: 'x', type: 'float32', shape: [1, 8] }],
  outputs: ['y'],
  constants: [{ name: 'axes', type: 'int64', shape: [1], values: [1] }],
  nodes: [{ operator: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['y'], attributes: { keepdims: 1 } }],
  tensors: [{ name: 'y', type: 'float32', shape: [1, 1] }],
  ...change,
});
const constant = (type: string, shape: number[], values: number[]) =>
  graphOf({ constants: [{ name: 'axes', type, shape, values }] });
const attributes = (list: unknown) =>
  graphOf({ nodes: [{ operator: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['y'], attributes: { list } }] });
const pathOf = (value: unknown): string => {
  try {
    parseOperatorGraph(value);
    return 'accepted';
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-model' });
    return (error as { issues: { path: string }[] }).issues[0]!.path;
  }
};

describe('an operator graph as JSON', () => {
  it('is read as it stands', () => {
    expect(parseOperatorGraph(graphOf())).toEqual(graphOf());
  });

  it.each([
    ['an unknown key', graphOf({ weights: [1] }), ''],
    ['an unknown key of a node', graphOf({ nodes: [{ ...graphOf().nodes[0], doc: 'x' }] }), 'nodes/0'],
    ['an unknown type', graphOf({ inputs: [{ name: 'x', type: 'complex64', shape: [] }] }), 'inputs/0/type'],
    ['a negative dimension', graphOf({ inputs: [{ name: 'x', type: 'float32', shape: [-1] }] }), 'inputs/0/shape/0'],
    ['fewer values than elements', constant('int64', [2], [1]), 'constants/0/values'],
    ['65 values', constant('int64', [65], new Array(65).fill(0)), 'constants/0/values'],
    ['17 fractions', constant('float32', [17], new Array(17).fill(0.5)), 'constants/0/values'],
    ['a fraction of an integer', constant('int64', [1], [0.5]), 'constants/0/values'],
    ['an attribute of 17 fractions', attributes(new Array(17).fill(0.5)), 'nodes/0/attributes/list'],
    ['an attribute of 1,025 integers', attributes(new Array(1025).fill(1)), 'nodes/0/attributes/list'],
    ['an attribute of 1,024 integers', attributes(new Array(1024).fill(1)), 'accepted'],
    ['an attribute that is an object', attributes({ tensor: [1] }), 'nodes/0/attributes/list'],
    ['a name of 1,025 characters', graphOf({ name: 'n'.repeat(1025) }), 'name'],
    ['no outputs', graphOf({ outputs: [] }), 'outputs'],
    ['an input that nothing makes', graphOf({ constants: [] }), 'nodes/0/inputs/1'],
    ['an output that nothing makes', graphOf({ outputs: ['z'] }), 'outputs/0'],
    ['an output without a shape', graphOf({ tensors: [] }), 'nodes/0/outputs/0'],
    ['a tensor made twice', graphOf({ constants: [{ name: 'x', type: 'int64', shape: [1] }] }), 'constants/0/name'],
  ])('with %s is refused there', (_, value, path) => {
    expect(pathOf(value)).toBe(path);
  });

  it('says what is wrong', () => {
    expect(() => parseOperatorGraph(graphOf({ outputs: ['z'] }))).toThrowError(
      'this is no operator graph: outputs/0: nothing makes it',
    );
    expect(() => parseOperatorGraph(null)).toThrowError(/^this is no operator graph: /);
  });
});
