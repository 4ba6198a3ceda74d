// What NVIDIA's driver says of the clocks of a GPU in a PC or server. Source: nvidia-smi --help-query-gpu and NVML,
// nvmlClocksThrottleReasons.
export interface GpuState {
  readonly name: string;
  /** Highest clock of its multiprocessors, MHz. */
  readonly maxMhz: number | null;
  /** Power that it may take, and that its maker set, W. */
  readonly powerLimitW: number | null;
  readonly usualPowerLimitW: number | null;
  readonly temperatureC: number | null;
  /** Why it runs slower than it could right now. */
  readonly heldBackBy: readonly string[];
}

const fields = ['name', 'clocks.max.sm', 'power.limit', 'power.default_limit', 'temperature.gpu'];

/** Arguments with which nvidia-smi prints what `parseNvidiaSmi` reads. */
export const nvidiaSmiArguments = [
  `--query-gpu=${[...fields, 'clocks_throttle_reasons.active'].join(',')}`,
  '--format=csv,noheader,nounits',
] as const;

/** Bits of the reasons that are somebody's to change; idle and chosen clocks are not among them. */
const reasons: readonly (readonly [number, string])[] = [
  [0x4, 'its power limit'],
  [0x8, 'a hardware slowdown'],
  [0x20, 'heat'],
  [0x40, 'heat'],
  [0x80, 'its power supply'],
];

/** A line for each GPU; lines of another form are passed over. Total. */
export function parseNvidiaSmi(text: string): GpuState[] {
  return text.split('\n').flatMap((line) => {
    const values = line.split(',').map((value) => value.trim());
    if (values.length !== fields.length + 1 || values[0] === '') return [];
    const [name, ...rest] = values as [string, ...string[]];
    const [maxMhz, powerLimitW, usualPowerLimitW, temperatureC] = rest.map(numberOrNull);
    const bits = /^0x[0-9a-f]+$/i.test(rest[4]!) ? Number(BigInt(rest[4]!) & 0xffffn) : 0;
    const heldBackBy = reasons.filter(([bit]) => (bits & bit) !== 0).map(([, reason]) => reason);
    return [
      {
        name: name.slice(0, 96),
        maxMhz: maxMhz ?? null,
        powerLimitW: powerLimitW ?? null,
        usualPowerLimitW: usualPowerLimitW ?? null,
        temperatureC: temperatureC ?? null,
        heldBackBy: [...new Set(heldBackBy)],
      },
    ];
  });
}

function numberOrNull(text: string): number | null {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}
