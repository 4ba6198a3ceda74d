// The targets of the measured fleet: one machine, settings that really change how long networks take.

export interface FleetTarget {
  /** File and column name. */
  readonly name: string;
  /** Options of `sugarbush-agent profile`. */
  readonly options: readonly string[];
}

const native = ['disabled', 'basic', 'extended', 'all'].flatMap((level) =>
  [1, 2].map((threads) => target('onnxruntime', level, threads)),
);
const web = [target('onnxruntime-web', 'all', 1), target('onnxruntime-web', 'all', 2)];

export const fleetTargets: readonly FleetTarget[] = [...native, ...web];

function target(runtime: string, level: string, threads: number): FleetTarget {
  return {
    name: `${runtime}-${level}-t${threads}`,
    options: ['--runtime', runtime, '--graph-optimization', level, '--threads', String(threads)],
  };
}
