// Which other targets of the fleet a method may learn from before it meets one. The fleet is one machine: what learns
// from none of it has its device left out as well.
import type { ComparedPool } from '#core/predictor/evaluation/compare-methods.ts';
import type { FleetColumn } from './described-fleet.ts';

type Rule = (target: FleetColumn, other: FleetColumn) => boolean;

/** Which other targets of the fleet are in the pool of one. */
const rules = {
  'other-programs': {
    title: 'targets of other programs',
    includes: (target, other) => other.program !== target.program,
  },
  'other-runtimes': {
    title: 'targets of other runtimes (program and graph optimisation)',
    includes: (target, other) => other.runtime !== target.runtime,
  },
  'other-targets': { title: 'all other targets, of mixed runtimes', includes: () => true },
  'same-program': {
    title: 'other targets of the same program',
    includes: (target, other) => other.program === target.program,
  },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly includes: Rule }>>;

export type PoolId = keyof typeof rules;

export const poolIds = Object.keys(rules) as [PoolId, ...PoolId[]];

/** What a pool is, in words. */
export const poolTitle = (id: PoolId): string => rules[id].title;

/** The pool of each target of the fleet. */
export function comparedPool(id: PoolId, targets: readonly FleetColumn[]): ComparedPool {
  const includes: Rule = rules[id].includes;
  const poolOf = (target: FleetColumn): string[] =>
    targets.filter((other) => other.id !== target.id && includes(target, other)).map((other) => other.id);
  return { id, pools: new Map(targets.map((target) => [target.id, poolOf(target)])) };
}
