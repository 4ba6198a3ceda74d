import { describe, expect, test } from 'vitest';
import { descriptorLists, descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { describeListed, operatorGraphs, sizedOperatorsKey } from '#core/descriptor/operator-graphs.ts';
import { describeOperator } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const standard = { list: 'standard', inputSize: null, batchSize: 1 } as const;
const cells = { list: 'nasbench201', inputSize: 32, batchSize: 4 } as const;

describe('operators of a list as graphs', () => {
  test('there are the list for every network and that of NAS-Bench-201', () => {
    expect(descriptorLists).toEqual(['standard', 'nasbench201']);
  });

  test.each([standard, cells])(
    '$list: every key has its graph, at the batch size, in the order of the vector',
    (of) => {
      const graphs = operatorGraphs(of);
      expect([...graphs.keys()]).toEqual(descriptorOperators[of.list]);
      for (const { inputs } of graphs.values()) for (const { shape } of inputs) expect(shape[0]).toBe(of.batchSize);
    },
  );

  test('those of a search space are its own', () => {
    const own = describeOperator(searchSpace('nasbench201'), 'stage2/nor_conv_3x3', cells);
    expect(operatorGraphs(cells).get('stage2/nor_conv_3x3')).toEqual(own.graph);
    expect(own.graph.inputs[0]!.shape).toEqual([4, 32, 16, 16]);
  });

  test('sizes and keys that cannot be are refused', () => {
    expect(() => operatorGraphs({ ...standard, inputSize: 224 })).toThrow('each operator of standard states its own');
    expect(() => operatorGraphs({ ...cells, inputSize: 33 })).toThrow('allowed: 4 to 4096 in steps of 4');
    expect(() => describeListed(standard, 'stage1/none')).toThrow("operator 'stage1/none' of standard not found");
  });

  test('a list at its sizes has a name', () => {
    expect([standard, cells].map(sizedOperatorsKey)).toEqual(['standard/-/1', 'nasbench201/32/4']);
  });
});
