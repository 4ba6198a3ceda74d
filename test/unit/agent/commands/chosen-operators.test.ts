// Which single operators a profile measures, by what else is asked for.
import { expect, test } from 'vitest';
import { chooseOperators } from '#agent/commands/chosen-operators.ts';
import { workloadOf } from '#core/search-space/workload.ts';

type Choice = Parameters<typeof chooseOperators>[0];

const chosen = (choice: Partial<Choice>) => {
  const options = { noDescriptor: false, standard: false, searchSpace: [], models: [], batch: [1], ...choice };
  const workloads = options.searchSpace.map((searchSpace) => workloadOf({ searchSpace, batchSize: options.batch[0] }));
  return chooseOperators({ operators: undefined, ...options }, workloads);
};

const standard = { list: 'standard', inputSize: null, batchSize: 1 };

test('with the standard networks the standard ones, at batch size 1', () => {
  expect(chosen({})).toEqual(standard);
  expect(chosen({ searchSpace: ['nasbench201'], standard: true, batch: [8] })).toEqual(standard);
});

test('else those of the first search space that has some, as its first workload is', () => {
  const own = { list: 'nasbench201', inputSize: 32, batchSize: 8 };
  expect(chosen({ searchSpace: ['fbnet', 'nasbench201'], batch: [8, 1] })).toEqual(own);
  expect(chosen({ searchSpace: ['fbnet'] })).toBeUndefined();
  expect(chosen({ models: ['a.onnx'] })).toBeUndefined();
});

test('or those that are asked for, beside anything', () => {
  expect(chosen({ models: ['a.onnx'], operators: 'standard' })).toEqual(standard);
  expect(chosen({ operators: 'nasbench201' })).toEqual({ list: 'nasbench201', inputSize: 32, batchSize: 1 });
  expect(chosen({ noDescriptor: true })).toBeUndefined();
  expect(() => chosen({ noDescriptor: true, operators: 'standard' })).toThrow('one of them');
});
