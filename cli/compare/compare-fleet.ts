// A comparison on the measured fleet, from what the command line asks to results.
import { defaultSplits } from '#cli/evaluate/default-splits.ts';
import { DomainError } from '#core/errors.ts';
import { type ComparisonResult, compareMethods } from '#core/predictor/evaluation/compare-methods.ts';
import { comparedMethods } from './compared-methods.ts';
import { describedFleet } from './described-fleet.ts';
import type { MethodId } from './method-ids.ts';
import { comparedPool, type PoolId } from './pools.ts';

export interface FleetComparison {
  readonly methods: readonly MethodId[];
  readonly pools: readonly PoolId[];
  /** undefined: every target. */
  readonly test: readonly string[] | undefined;
  readonly measurements: readonly number[];
  readonly draws: number;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly onProgress: (share: number) => void;
}

/** @throws DomainError `invalid-usage` for a target that the fleet has not */
export async function compareFleet(asked: FleetComparison): Promise<ComparisonResult[]> {
  const { last } = defaultSplits.nasbench201.trainRows;
  const fleet = describedFleet(last + 1);
  const there = fleet.targets.map(({ id }) => id);
  const missing = asked.test?.filter((id) => !there.includes(id)) ?? [];
  if (missing.length > 0) {
    throw new DomainError('invalid-usage', `--test: no target ${missing.join(', ')}; there are ${there.join(', ')}`);
  }
  const { measurements, draws, seeds, onProgress } = asked;
  return compareMethods({
    methods: comparedMethods(fleet, asked.steps).filter(({ id }) => asked.methods.includes(id)),
    pools: asked.pools.map((id) => comparedPool(id, fleet.targets)),
    targets: fleet.targets.filter(({ id }) => asked.test?.includes(id) ?? true),
    supportRows: fleet.supportRows,
    testRows: fleet.testRows,
    measurements,
    draws,
    seeds,
    onProgress,
  });
}
