// The performance counters a descriptor may hold, a line each, under perf's own generic names. What a name counts
// differs between processors (on ARMv8 `cache-references` is the L1 data cache, on Intel the last level), so a
// descriptor also records the PMU and the raw event behind each name.

export interface Counter {
  /** As given to `perf stat -e`. */
  readonly event: string;
  /** Software events exist without a PMU, and never compete for one. */
  readonly kind: 'hardware' | 'software';
  /** Happens inside the kernel: counted in user mode only (`:u`), it reads 0 whatever happens. */
  readonly kernelOnly: boolean;
}

const hardware = { kind: 'hardware', kernelOnly: false } as const;
const software = { kind: 'software', kernelOnly: false } as const;
const kernelOnly = { kind: 'software', kernelOnly: true } as const;

/** Hardware events first (the eleven of MAPLE-Edge), then software ones. All are events per inference, except
 * `task-clock-ms`: CPU milliseconds per inference, summed over threads. The order is that of descriptor columns. */
export const counterList = {
  'cpu-cycles': { ...hardware, event: 'cpu-cycles' },
  instructions: { ...hardware, event: 'instructions' },
  'cache-references': { ...hardware, event: 'cache-references' },
  'cache-misses': { ...hardware, event: 'cache-misses' },
  'L1-dcache-loads': { ...hardware, event: 'L1-dcache-loads' },
  'L1-dcache-load-misses': { ...hardware, event: 'L1-dcache-load-misses' },
  'LLC-loads': { ...hardware, event: 'LLC-loads' },
  'LLC-load-misses': { ...hardware, event: 'LLC-load-misses' },
  'LLC-stores': { ...hardware, event: 'LLC-stores' },
  'LLC-store-misses': { ...hardware, event: 'LLC-store-misses' },
  'cpu-migrations': { ...kernelOnly, event: 'cpu-migrations' },
  'context-switches': { ...kernelOnly, event: 'context-switches' },
  'page-faults': { ...software, event: 'page-faults' },
  'task-clock-ms': { ...software, event: 'task-clock' },
} as const satisfies Readonly<Record<string, Counter>>;
