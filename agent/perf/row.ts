// One counter row of `perf stat`, whatever layout it came in. Zero, not counted and not supported are different things
// and stay so.

export interface PerfRow {
  /** As perf prints it: `cycles`, `cycles:u`, `cpu_core/cycles/`. */
  readonly event: string;
  /** Already scaled by perf where the counter was multiplexed. */
  readonly value: number | 'unsupported' | 'not-counted';
  /** `msec` for clocks, empty for counts. */
  readonly unit: string;
  /** How long the counter was running, ns. */
  readonly runtimeNs: number | undefined;
  /** Share of the time that it was running, percent, cut to whole numbers by perf. Below 100: multiplexed. */
  readonly runningPercent: number | undefined;
  /** Standard deviation over repeats, percent of the mean (`-r`). */
  readonly variancePercent?: number;
  /** Time since the start, s (`-I`). */
  readonly intervalS?: number;
  /** CPU, core, socket or thread that the row is about (`-A`, `--per-core`). */
  readonly aggregate?: string;
}

export interface PerfOutput {
  readonly rows: readonly PerfRow[];
  /** Lines that are not counter rows: comments, messages, rows of metrics only. */
  readonly other: readonly string[];
}

/** `cpu_core/cycles/u` → pmu `cpu_core`, name `cycles`; `cycles:u` → no pmu, name `cycles`. */
export function eventName(event: string): { readonly name: string; readonly pmu: string | undefined } {
  const slash = /^([^/]+)\/([^/]*)\/[a-zA-Z]*$/.exec(event);
  if (slash !== null) return { pmu: slash[1]!, name: slash[2]! };
  return { pmu: undefined, name: event.replace(/:[a-zA-Z]+$/, '') };
}

/** perf adds the modifier `u` where the user may not count what the kernel does. */
export function isUserModeOnly(event: string): boolean {
  return /[:/]u$/.test(event);
}

/** Plain decimal text → number. Anything else (also `nan`, `inf`, grouped digits, exponents) → undefined. */
export function decimal(text: string): number | undefined {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** perf's value field. A count of 0 by a counter that never ran is no count. */
export function counterValue(text: string, runtimeNs: number | undefined): PerfRow['value'] | undefined {
  if (text === '<not supported>') return 'unsupported';
  if (text === '<not counted>') return 'not-counted';
  const value = decimal(text);
  return value === 0 && runtimeNs === 0 ? 'not-counted' : value;
}
