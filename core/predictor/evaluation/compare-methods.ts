// Methods beside each other: those that learn from targets of the fleet do so from the same pool, all get the same
// measurements of a target outside it, and are scored on the same networks, which nobody learned from on any target.
import { seededRandom } from '#core/random.ts';
import type { Selection } from './held-out-evaluation.ts';
import { type PointAccuracy, pointAccuracy } from './metrics.ts';

export interface ComparedTarget {
  readonly id: string;
  /** In ms, one a network, NaN where there is none. */
  readonly latencyMs: Float64Array;
}

/** A method that has learned from a pool. */
export interface PreparedMethod {
  /** @param support rows of the target that were measured
   * @param seed of the draw
   * @returns ms, one a network */
  predict(target: string, support: readonly number[], seed: number): Promise<Float64Array>;
  /** Rows to measure, where the method's selection is `chosen`. */
  choose?(target: string, count: number): Promise<readonly number[]>;
  close?(): Promise<void>;
}

export interface ComparedMethod {
  readonly id: string;
  /** Fewer measurements of a target it cannot do with. */
  readonly fewest: number;
  /** Whether it learns from other targets of the fleet; one that does has nothing to say without any. */
  readonly learns: boolean;
  /** Whether measurements are drawn for it, or it chooses them. */
  readonly selection: Selection;
  /** Rough seconds on one core, of learning and of one prediction, for telling the time left alone. */
  readonly effort: { readonly prepare: number; readonly predict: number };
  prepare(pool: readonly string[], seed: number): Promise<PreparedMethod>;
}

/** Which targets one may learn from, for each that is tested. */
export interface ComparedPool {
  readonly id: string;
  readonly pools: ReadonlyMap<string, readonly string[]>;
}

export interface ComparisonPlan {
  readonly methods: readonly ComparedMethod[];
  readonly pools: readonly ComparedPool[];
  readonly targets: readonly ComparedTarget[];
  /** Rows from which measurements are drawn; methods must not look at others of a pool either. */
  readonly supportRows: readonly number[];
  readonly testRows: readonly number[];
  readonly measurements: readonly number[];
  /** Draws of measurements a seed. Where nothing is drawn, one. */
  readonly draws: number;
  readonly seeds: readonly number[];
  /** @param share of the work that is done, from 0 to 1 */
  readonly onProgress?: (share: number) => void;
}

export interface ComparisonResult extends PointAccuracy {
  /** `none`: of a method that learns from no target of the fleet. */
  readonly pool: string;
  readonly method: string;
  readonly target: string;
  readonly measurements: number;
  readonly seed: number;
  readonly draw: number;
}

interface Job {
  readonly method: ComparedMethod;
  readonly pool: string;
  readonly learned: readonly string[];
  readonly seed: number;
  readonly targets: readonly ComparedTarget[];
}

/** @returns a result a pool, seed, method, target, number of measurements and draw; none where a method cannot */
export async function compareMethods(plan: ComparisonPlan): Promise<ComparisonResult[]> {
  const jobs = jobsOf(plan);
  const total = jobs.reduce((sum, job) => sum + effortOf(job, plan), 0);
  const results: ComparisonResult[] = [];
  let done = 0;
  const advance = (effort: number): void => {
    done += effort;
    plan.onProgress?.(done / total);
  };
  for (const { method, pool, learned, seed, targets } of jobs) {
    const prepared = await method.prepare(learned, seed);
    advance(method.effort.prepare);
    for (const target of targets) {
      for (const measurements of measurementsOf(method, plan)) {
        const draws = drawsOf(method, measurements, plan);
        for (let draw = 0; draw < draws; draw++) {
          const drawSeed = seed * 1000 + draw;
          const support =
            method.selection === 'chosen'
              ? await prepared.choose!(target.id, measurements)
              : drawn(plan, target, measurements, drawSeed);
          const predicted = await prepared.predict(target.id, support, drawSeed);
          const accuracy = pointAccuracy(target.latencyMs, predicted, plan.testRows);
          results.push({ pool, method: method.id, target: target.id, measurements, seed, draw, ...accuracy });
          advance(method.effort.predict);
        }
      }
    }
    await prepared.close?.();
  }
  return results;
}

/** One job a method that learns from no target of the fleet; of the others one for each pool: targets that have the
 * same share it. */
function jobsOf({ pools, seeds, methods, targets }: ComparisonPlan): Job[] {
  return seeds.flatMap((seed) =>
    methods.flatMap((method): Job[] => {
      if (!method.learns) return [{ method, pool: 'none', learned: [], seed, targets }];
      return pools.flatMap(({ id: pool, pools: of }) =>
        [...Map.groupBy(targets, ({ id }) => (of.get(id) ?? []).join(' ')).values()].flatMap((own) => {
          const learned = of.get(own[0]!.id) ?? [];
          return learned.length === 0 ? [] : [{ method, pool, learned, seed, targets: own }];
        }),
      );
    }),
  );
}

const measurementsOf = ({ fewest }: ComparedMethod, { measurements }: ComparisonPlan): number[] =>
  measurements.filter((count) => count >= fewest);

const drawsOf = ({ selection }: ComparedMethod, measurements: number, { draws }: ComparisonPlan): number =>
  selection === 'chosen' || measurements === 0 ? 1 : draws;

function effortOf({ method, targets }: Job, plan: ComparisonPlan): number {
  const predictions = measurementsOf(method, plan).reduce((sum, count) => sum + drawsOf(method, count, plan), 0);
  return method.effort.prepare + targets.length * predictions * method.effort.predict;
}

/** Draws depend on their seed alone: all methods, and targets that have all rows, are measured at the same ones. */
function drawn({ supportRows }: ComparisonPlan, { latencyMs }: ComparedTarget, count: number, seed: number): number[] {
  const shuffled = seededRandom(seed).choose(supportRows.length, supportRows.length);
  return Array.from(shuffled, (i) => supportRows[i]!)
    .filter((row) => !Number.isNaN(latencyMs[row]))
    .slice(0, count);
}
