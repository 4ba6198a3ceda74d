// Hardware of the shipped tables held out in turn: each target is scored once, by a fit that has seen nothing of it.
import { beforeAll, expect, test } from 'vitest';
import { dataWithout, evaluateFolds, foldCount } from '#cli/train/evaluate-folds.ts';
import { shippedPool } from '#cli/train/shipped-pool.ts';
import type { CountedGraphs } from '#core/training/fits/episode-data.ts';
import type { PoolSet, TrainingPool } from '#core/training/snapshot/training-pool.ts';

let pool: TrainingPool;
let whole: TrainingPool;

/** 60 architectures to learn from and 20 to be tested on, on two targets. */
function small(set: PoolSet): PoolSet {
  const rows = [...Array(60).keys(), ...Array.from({ length: 20 }, (_, i) => set.trained + i)];
  return {
    ...set,
    trained: 60,
    architectures: rows.map((row) => set.architectures[row]!),
    columns: set.columns
      .filter(({ target, batchSize }) => /^(1080ti|pixel3)/.test(target) && batchSize === 1)
      .map((column) => ({ ...column, latencyMs: Float64Array.from(rows, (row) => column.latencyMs[row]!) })),
  };
}

beforeAll(() => {
  whole = shippedPool({ tested: true });
  pool = { sets: whole.sets.filter(({ id }) => id === 'fbnet/224').map(small) };
});

test('rows to be tested on stand behind those that the shipped predictor learns from', () => {
  const learned = shippedPool();
  expect(whole.sets.map(({ id, trained }) => [id, trained])).toEqual(
    learned.sets.map(({ id, architectures }) => [id, architectures.length]),
  );
  for (const [at, { architectures, trained, columns }] of whole.sets.entries()) {
    expect(architectures.length).toBe(trained + 500);
    expect(architectures.slice(0, trained)).toEqual(learned.sets[at]!.architectures);
    expect(columns.map(({ target }) => target)).toEqual(learned.sets[at]!.columns.map(({ target }) => target));
  }
});

test('the fleet is one machine, and a GPU is one by either of its names', () => {
  const columns = whole.sets.flatMap((set) => set.columns);
  const keys = (part: string): string[] => [
    ...new Set(columns.flatMap(({ target, hardwareKey }) => (target.includes(part) ? [hardwareKey] : []))),
  ];
  expect(keys('onnxruntime')).toHaveLength(1);
  expect([...keys('titan-xp'), ...keys('titanxp')]).toEqual(['titanxp', 'titanxp']);
});

test('what is held out is in no group that a fit learns from', () => {
  const { columns } = pool.sets[0]!;
  const [held, ...others] = columns.map(({ target }) => target);
  const graphs: CountedGraphs = {
    id: 'graphs',
    weight: 1,
    kernels: [],
    networks: [],
    families: [],
    targets: [held!, 'board'].map((id) => ({ id, latencyMs: new Float64Array() })),
  };
  const { groups } = dataWithout({ pool, graphs: [graphs] }, [columns[0]!.hardwareKey]);
  const learned = new Set(groups.flatMap((group) => group.targets.map(({ id }) => id)));
  expect([...learned].sort()).toEqual([...new Set([...others, 'board'])].filter((id) => id !== held).sort());
});

test('every target is scored once, beside a ridge regression', { timeout: 120_000 }, async () => {
  const seen: number[] = [];
  const { evaluation, predictions } = await evaluateFolds({
    pool,
    graphs: [],
    seed: 0,
    steps: 2,
    signal: new AbortController().signal,
    onProgress: (fold, share) => seen.push(fold + share),
  });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(foldCount);
  const columns = pool.sets[0]!.columns;
  expect(predictions.map(({ target, batchSize }) => `${target} ${batchSize}`).sort()).toEqual(
    columns.map(({ target, batchSize }) => `${target} ${batchSize}`).sort(),
  );
  // Two models, three numbers of measurements, drawn and chosen.
  expect(evaluation.scores).toHaveLength(2 * 3 * 2 * columns.length);
  expect(evaluation.notEvaluated).toEqual([]);
  for (const { measuredMs, predictedMs } of predictions) {
    expect([measuredMs.length, predictedMs.length]).toEqual([20, 20]);
  }
});
