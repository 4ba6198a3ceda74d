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
    needsPool: false,
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
        ['b', []],
        ['c', []],
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

test('a pool is learned once for all targets that have the same; what nothing is drawn for is predicted once', async () => {
  const { own, prepared, asked } = method('m');
  const shares: number[] = [];
  const results = await compareMethods(plan([own], { onProgress: (share) => shares.push(share) }));
  expect(prepared).toEqual(['b,c 5', ' 5']);
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
  const pooled = method('pooled', { needsPool: true });
  const chosen = method('chosen', { fewest: 1, selection: 'chosen' });
  const results = await compareMethods(plan([pooled.own, chosen.own]));
  expect([...new Set(results.filter((r) => r.method === 'pooled').map(({ target }) => target))]).toEqual(['a']);
  expect(chosen.asked).toEqual(['a 3,1 5000', 'b 3,1 5000', 'c 3,1 5000']);
});
