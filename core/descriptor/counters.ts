// The names of the counters there are, in the order of descriptor columns.
import { counterList } from './counter-list.ts';

export type CounterName = keyof typeof counterList;

export const counterNames = Object.keys(counterList) as [CounterName, ...CounterName[]];
