import { expect, test } from 'vitest';
import type { NetworkSet, Predictor } from '#core/predictor/types.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import { cachedSelection, type SelectSupportSet } from '#core/targets/support/selection-cache.ts';

const predictor = (hash: string) => ({ identity: { hash } }) as Predictor;
const workload = { searchSpace: 'fbnet', inputSize: 224, batchSize: 1 } as const;
const architectures = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i));
const candidates: NetworkSet = { workload, architectures };

function counted() {
  const asked: number[] = [];
  const select: SelectSupportSet = async (_, __, count) => {
    asked.push(count);
    const errors = Array.from({ length: count + 1 }, (_, i) => 1 / (i + 1));
    return { indices: Array.from({ length: count }, (_, i) => 7 * i), expectedErrors: errors, variances: errors };
  };
  return { asked, select };
}

test('a smaller count is the beginning of what was chosen', async () => {
  const { asked, select } = counted();
  const cached = cachedSelection(select);
  await cached(predictor('a'), [candidates], 10);
  expect(await cached(predictor('a'), [candidates], 2)).toEqual({
    indices: [0, 7],
    expectedErrors: [1, 1 / 2, 1 / 3],
    variances: [1, 1 / 2, 1 / 3],
  });
  expect(asked).toEqual([10]);
});

test('one more each time is chosen anew a few times only, and never more than there are', async () => {
  const { asked, select } = counted();
  const cached = cachedSelection(select);
  for (let count = 1; count <= 40; count++) {
    expect((await cached(predictor('a'), [candidates], count)).indices).toHaveLength(count);
  }
  expect(asked).toEqual([1, 2, 4, 8, 16, 32, 40]);
});

test('another predictor, other candidates and other measurements are other choices', async () => {
  const { asked, select } = counted();
  const cached = cachedSelection(select);
  await cached(predictor('a'), [candidates], 3);
  await cached(predictor('b'), [candidates], 3);
  await cached(predictor('a'), [{ workload, architectures: architectures.slice(1) }], 3);
  await cached(predictor('a'), [{ workload: { ...workload, batchSize: 32 }, architectures }], 3);
  await cached(predictor('a'), [candidates], 3, [{ workload, architectures: [Uint8Array.of(99)] }]);
  const graphs = standardGraphs().slice(0, 2);
  await cached(predictor('a'), [candidates, { graphs }], 3);
  await cached(predictor('a'), [candidates], 3, [{ graphs }]);
  await cached(predictor('a'), [candidates, { graphs: graphs.slice(1) }], 3, [{ graphs: graphs.slice(0, 1) }]);
  expect(asked).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
});

test('the eldest goes, and a failure is not kept', async () => {
  const { asked, select } = counted();
  const cached = cachedSelection(select, 2);
  for (const hash of ['a', 'b', 'c', 'a']) await cached(predictor(hash), [candidates], 3);
  expect(asked).toEqual([3, 3, 3, 3]);
  let failures = 0;
  const failing = cachedSelection(() => Promise.reject(new Error(`failure ${++failures}`)));
  await expect(failing(predictor('a'), [candidates], 3)).rejects.toThrow('failure 1');
  await expect(failing(predictor('a'), [candidates], 3)).rejects.toThrow('failure 2');
});
