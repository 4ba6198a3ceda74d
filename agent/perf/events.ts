// The counters of a descriptor as events of `perf stat`.
import { type Counter, counterList } from '#core/descriptor/counter-list.ts';
import { type CounterName, counterNames } from '#core/descriptor/counters.ts';

export interface CounterEvent extends Counter {
  readonly counter: CounterName;
  /** Names under which perf answers here, where it was asked. */
  readonly printedAs?: readonly string[];
}

/** All of them, in the order of the descriptor's columns. */
export const counterEvents: readonly CounterEvent[] = counterNames.map((counter) => ({
  counter,
  ...counterList[counter],
}));
