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

/** `cpu_core/cycles/u` → pmu `cpu_core`, name `cycles`; `cycles:Hu` → no pmu, name `cycles`. Total. */
export function eventName(event: string): { readonly name: string; readonly pmu: string | undefined } {
  const { name, pmu } = takeApart(event);
  return { name, pmu };
}

/** perf adds the modifier `u` where the user may not count what the kernel does, beside letters of its own (`Hu`). */
export function isUserModeOnly(event: string): boolean {
  const { modifiers } = takeApart(event);
  return modifiers.includes('u') && !/[kh]/.test(modifiers);
}

/** Versions of perf differ in where they put the modifiers: `cycles:u`, `cpu_core/cycles/u`, `cpu_core/cycles/:u`,
 * `armv8_cortex_a53/cycles:u/`. Source: perf-list(1), EVENT MODIFIERS. */
function takeApart(event: string): { name: string; pmu: string | undefined; modifiers: string } {
  const slashed = /^([^/]+)\/([^/]*)\/?:?([a-zA-Z]*)$/.exec(event);
  // Parameters follow a comma: `cpu_core/cycles,name=x/`.
  const inner = slashed === null ? event : slashed[2]!.split(',')[0]!;
  const colon = /:[a-zA-Z]*$/.exec(inner);
  const name = colon === null ? inner : inner.slice(0, colon.index);
  return { pmu: slashed?.[1], name, modifiers: `${colon?.[0].slice(1) ?? ''}${slashed?.[3] ?? ''}` };
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
