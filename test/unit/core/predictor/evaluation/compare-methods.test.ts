// The loop over methods, pools, targets and draws, with methods that write down what they are given.
import { expect, test } from 'vitest';
import {
  type ComparedMethod,
  type ComparisonPlan,
  compareMethods,
} from '#core/predictor/evaluation/compare-methods.ts';

const latencyMs = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const targets = ['a', 'b', 'c'].map((id) => ({ id, latencyMs }));

function method(id: string, more: Partial<ComparedMethod> = {}) {
  const prepared: string[] = [];
  const asked: string[] = [];
  const own: ComparedMethod = {
    id,
    fewest: 0,
    learns: true,
    selection: 'random',
    effort: { prepare: 1, predict: 1 },
    async prepare(pool, seed) {
      prepared.push(`${pool} ${seed}`);
      return {
        async predict(target, support, drawSeed) {
          asked.push(`${target} ${support} ${drawSeed}`);
          return latencyMs;
        },
        choose: async (_, count) => [3, 1, 2, 0].slice(0, count),
      };
    },
    ...more,
  };
  return { own, prepared, asked };
}

const plan = (methods: readonly ComparedMethod[], more: Partial<ComparisonPlan> = {}): ComparisonPlan => ({
  methods,
  targets,
  pools: [
    {
      id: 'others',
      pools: new Map([
        ['a', ['b', 'c']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    },
  ],
  supportRows: [0, 1, 2, 3],
  testRows: [4, 5, 6, 7],
  measurements: [0, 2],
  draws: 2,
  seeds: [5],
  ...more,
});

test('each target has its pool; what nothing is drawn for is predicted once', async () => {
  const { own, prepared, asked } = method('m');
  const shares: number[] = [];
  const results = await compareMethods(plan([own], { onProgress: (share) => shares.push(share) }));
  expect(prepared).toEqual(['b,c 5', 'c 5', 'b 5']);
  // One at k = 0 and two draws at k = 2, three targets.
  expect(results.map(({ target, measurements, draw }) => `${target} ${measurements} ${draw}`)).toEqual(
    ['a', 'b', 'c'].flatMap((id) => [`${id} 0 0`, `${id} 2 0`, `${id} 2 1`]),
  );
  expect(results[0]).toMatchObject({ pool: 'others', method: 'm', seed: 5, spearman: 1, within1: 1, medianApe: 0 });
  expect(asked[0]).toBe('a  5000');
  expect(asked.filter((each) => each.endsWith(' 5001')).map((each) => each.slice(2))).toEqual(
    new Array(3).fill(asked[2]!.slice(2)),
  );
  expect(asked[1]).not.toBe(asked[2]);
  expect(shares.at(-1)).toBe(1);
});

test('draws are of the rows that may be measured and that the target has', async () => {
  const { own, asked } = method('m');
  const holes = Float64Array.of(1, Number.NaN, 3, Number.NaN, 5, 6, 7, 8);
  await compareMethods(plan([own], { targets: [{ id: 'a', latencyMs: holes }], measurements: [2], draws: 4 }));
  expect(new Set(asked.map((each) => [...each.split(' ')[1]!.split(',')].sort().join()))).toEqual(new Set(['0,2']));
});

test('a method is not asked for what it cannot do, and may choose what is measured', async () => {
  const chosen = method('chosen', { fewest: 1, selection: 'chosen' });
  await compareMethods(plan([chosen.own]));
  expect(chosen.asked).toEqual(['a 3,1 5000', 'b 3,1 5000', 'c 3,1 5000']);
});

test('what learns from no target is prepared once for all pools; what learns says nothing of an empty one', async () => {
  const alone = method('alone', { learns: false });
  const learning = method('learning');
  const pools = [
    { id: 'same', pools: new Map(['a', 'b'].map((id) => [id, ['c']])) },
    { id: 'empty', pools: new Map<string, string[]>() },
  ];
  const results = await compareMethods(plan([alone.own, learning.own], { pools, measurements: [0] }));
  expect(alone.prepared).toEqual([' 5']);
  expect(learning.prepared).toEqual(['c 5']);
  expect(results.map(({ pool, method: id, target }) => `${pool} ${id} ${target}`)).toEqual([
    'none alone a',
    'none alone b',
    'none alone c',
    'same learning a',
    'same learning b',
  ]);
});
