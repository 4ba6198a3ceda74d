// The performance counters a descriptor may hold, under perf's own generic names. What a name counts differs between
// processors (on ARMv8 `cache-references` is the L1 data cache, on Intel the last level), so a descriptor also records
// the PMU and the raw event behind each name.

/** Hardware events first (the eleven of MAPLE-Edge), then software ones that exist without a PMU. All are events per
 * inference, except `task-clock-ms`: CPU milliseconds per inference, summed over threads. */
export const counterNames = [
  'cpu-cycles',
  'instructions',
  'cache-references',
  'cache-misses',
  'L1-dcache-loads',
  'L1-dcache-load-misses',
  'LLC-loads',
  'LLC-load-misses',
  'LLC-stores',
  'LLC-store-misses',
  'cpu-migrations',
  'context-switches',
  'page-faults',
  'task-clock-ms',
] as const;

export type CounterName = (typeof counterNames)[number];
