// Graphs that somebody made to break what takes them in: each is taken, or refused with a word, at once.
import { describe, expect, test } from 'vitest';
import { longestChain, mostReads, movedTransposes } from '#cli/bench/worst/largest-graphs.ts';
import { registerModel } from '#core/models/register-model.ts';
import { type SubmittedGraph, submittedGraphSchema } from '#core/models/submitted-graph.ts';
import { mapStore } from '../map-store.ts';

type Node = SubmittedGraph['nodes'][number];

/** An image through one node. */
const through = (node: Partial<Node>, more: Partial<SubmittedGraph> = {}): SubmittedGraph =>
  submittedGraphSchema.parse({
    opset: 17,
    inputs: [{ name: 'image', type: 'float32', shape: [1, 8, 8, 8] }],
    outputs: ['result'],
    constants: [],
    nodes: [{ operator: 'Relu', inputs: ['image'], outputs: ['result'], attributes: {}, ...node }],
    ...more,
  });
const taken = (graph: SubmittedGraph) => registerModel(mapStore(), graph);

const result = { name: 'result', type: 'float32' as const, shape: [1, 8] };

describe('an operator that is called like', () => {
  test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])(
    '%s of JavaScript is unknown',
    async (operator) => {
      for (const domain of ['', 'mine']) {
        const { unknown, lowerings } = await taken(through({ operator, domain }, { tensors: [result] }));
        expect(unknown).toMatchObject([{ operator, count: 1 }]);
        expect(lowerings[0]!.kinds).toEqual([{ kind: 'other', launches: 1, macs: 0 }]);
      }
    },
  );

  // Passes that look for ONNX's own rely on the inputs that its rule asks for.
  test.each(['MaxPool', 'Softmax', 'Erf', 'Conv', 'QLinearAdd'])(
    '%s in another domain is unknown',
    async (operator) => {
      for (const inputs of [[], ['', '', 'image']]) {
        const { unknown } = await taken(through({ operator, domain: 'mine', inputs }, { tensors: [result] }));
        expect(unknown).toEqual([{ operator, domain: 'mine', count: 1 }]);
      }
    },
  );
});

describe('shapes', () => {
  test.each([[-5], [0.5], [-2, -3]])('of %s elements along an axis are refused', async (...lengths) => {
    const constants = [{ name: 'shape', type: 'float32' as const, shape: [lengths.length], values: lengths }];
    const graph = through({ operator: 'ConstantOfShape', inputs: ['shape'] }, { constants });
    await expect(taken(graph)).rejects.toMatchObject({ code: 'invalid-model' });
  });

  // Walked along its long axes, this would take centuries.
  test('that are empty but long take no time', async () => {
    const long = { name: 'long', type: 'int64' as const, shape: [2 ** 31 - 1, 2 ** 31 - 1, 0], values: [] };
    const none = { name: 'none', type: 'int64' as const, shape: [0], values: [] };
    for (const node of [
      { operator: 'Transpose', inputs: ['long'], attributes: { perm: [1, 0, 2] } },
      { operator: 'Gather', inputs: ['long', 'none'], attributes: { axis: 2 } },
      { operator: 'Concat', inputs: ['long', 'long'], attributes: { axis: 2 } },
    ]) {
      const { outputs } = await taken(through(node, { constants: [long, none] }));
      expect(outputs).toEqual([{ type: 'int64', shape: long.shape }]);
    }
  });

  test('of windows without end are refused', async () => {
    const attributes = { kernel_shape: [1e200, 1e200], pads: [1e200, 1e200, 0, 0] };
    await expect(taken(through({ operator: 'MaxPool', attributes }))).rejects.toMatchObject({ code: 'invalid-model' });
  });
});

describe.each(['Max', 'Min', 'Sum'])('%s of a thousand known values', (operator) => {
  // An image whose shape is worked out: [512, 2] of lengths, three times over, and the first two of them.
  const shapedBy = (count: number): SubmittedGraph => {
    const combined = ['a', 'b', 'c'].map((name, i) => ({
      operator: i === 0 ? operator : 'Max',
      inputs: new Array<string>(count).fill(['lengths', 'a', 'b'][i]!),
      outputs: [name],
      attributes: {},
    }));
    return through(
      {},
      {
        constants: [
          { name: 'two', type: 'int64', shape: [2], values: operator === 'Sum' ? [8 / count, 64 / count] : [8, 64] },
          { name: 'wide', type: 'int64', shape: [2], values: [512, 2] },
          { name: 'first', type: 'int64', shape: [], values: [0] },
        ],
        nodes: [
          { operator: 'Expand', inputs: ['two', 'wide'], outputs: ['lengths'], attributes: {} },
          ...combined,
          { operator: 'Gather', inputs: ['c', 'first'], outputs: ['shape'], attributes: { axis: 0 } },
          { operator: 'Reshape', inputs: ['image', 'shape'], outputs: ['result'], attributes: {} },
        ],
      },
    );
  };

  test('is followed for a few inputs', async () => {
    expect((await taken(shapedBy(2))).outputs).toEqual([{ type: 'float32', shape: [8, 64] }]);
  });

  // Three nodes read six million values.
  test('is not for two thousand, three times', async () => {
    const refused = { code: 'unsupported-model', message: expect.stringContaining('known only when it runs') };
    await expect(taken(shapedBy(2000))).rejects.toMatchObject(refused);
  });
});

test('A refusal stays short, whatever the graph has to be refused for', async () => {
  const many = { name: 'many', type: 'float32' as const, shape: [7] };
  const graph = through(
    { operator: 'Max', inputs: [...new Array<string>(2_000).fill('image'), 'many'] },
    { constants: [many] },
  );
  const error = await taken(graph).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'invalid-model', message: expect.stringMatching(/^node 0 \(Max\): .{500}…$/) });
});

// What each of them took before passes were told of it: minutes, or all memory.
describe('the largest graphs', () => {
  const patienceMs = 120_000;
  const launches = async (graph: SubmittedGraph) =>
    Object.fromEntries((await taken(graph)).lowerings.map(({ lowering, launches }) => [lowering, launches]));

  test('of nodes in a chain are taken', { timeout: patienceMs }, async () => {
    expect(await launches(longestChain())).toMatchObject({ eager: 10_000, compiled: 1, 'onnxruntime-all': 10_000 });
  });

  test('of reads of one tensor are taken', { timeout: patienceMs }, async () => {
    // Nothing but the identity goes.
    expect(await launches(mostReads())).toMatchObject({ eager: 230, 'onnxruntime-disabled': 231, fused: 230 });
  });

  // Each piece, of five nodes, keeps its relu, its sigmoid and its sum: its transposes cancel.
  test('of transposes on ways that meet are taken', { timeout: patienceMs }, async () => {
    expect(await launches(movedTransposes())).toMatchObject({ 'onnxruntime-disabled': 9_996 });
  });
});
