// Counters that the device can deliver and that a profile is without all the same. Pure.
import type { Profile } from '#core/dataset/profile.ts';
import { type CounterName, counterNames } from '#core/descriptor/counters.ts';
import type { EventStatus } from '../perf/probe.ts';

/** What doctor promises and no operator of the profile has, in the order of the descriptor's columns; empty without a
 * descriptor. A counter that is there for some operators is not lost. */
export function lostCounters(
  descriptor: Profile['descriptor'],
  status: Readonly<Partial<Record<CounterName, EventStatus>>>,
): CounterName[] {
  if (descriptor === null) return [];
  const operators = Object.values(descriptor.operators);
  // An operator that could not be measured says nothing about counters.
  const measured = operators.filter((operator) => typeof operator.latency !== 'string');
  if (measured.length === 0) return [];
  return counterNames.filter(
    (counter) =>
      status[counter] === 'supported' && measured.every(({ counters }) => typeof counters[counter] !== 'number'),
  );
}

/** A warning for a person; undefined where nothing was lost. */
export function lostCountersWarning(lost: readonly CounterName[]): string | undefined {
  if (lost.length === 0) return undefined;
  return (
    `WARNING: ${lost.length} counters are missing in this profile although doctor calls them supported: ` +
    `${lost.join(', ')}.\nWhat perf says here: perf stat -e ${lost[0]} sleep 0.1. ` +
    'To measure without counters on purpose: --no-counters.\n'
  );
}
