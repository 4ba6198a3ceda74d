// NVIDIA's power mode of a Jetson and whether its clocks are held: both change every latency, and belong to what a
// target is. Sources: NVIDIA, Jetson Linux Developer Guide, "Supported Modes and Power Efficiency" and jetson_clocks.
import type { SystemFiles } from './system-files.ts';

export interface PowerMode {
  /** Number of the mode, as `nvpmodel -m` takes it; null: not known. */
  readonly id: number | null;
  /** `MAXN`, `15W`; null: not known. */
  readonly name: string | null;
  /** The mode with the highest clocks, where it is another. */
  readonly fastest: { readonly id: number; readonly name: string | null } | null;
  /** The GPU's clock, MHz: held where both are the same (jetson_clocks); null: not known. */
  readonly gpuMhz: { readonly least: number; readonly most: number } | null;
}

/** @returns undefined on a device that has no such modes */
export function readPowerMode(files: SystemFiles): PowerMode | undefined {
  const id = numberOf(/pmode:(\d+)/.exec(files.text('var/lib/nvpmodel/status') ?? '')?.[1]);
  const isJetson = /nvidia,tegra/.test(files.text('proc/device-tree/compatible') ?? '');
  if (id === null && !isJetson) return undefined;
  const modes = modesOf(files.text('etc/nvpmodel.conf') ?? '');
  // Without a mode of that name, and where the modes are not known, 0 is the one with the highest clocks.
  const fastest = modes.find(({ name }) => /^MAXN/.test(name)) ?? modes.find((mode) => mode.id === 0);
  return {
    id,
    name: modes.find((mode) => mode.id === id)?.name ?? null,
    fastest: id === null || id === (fastest?.id ?? 0) ? null : (fastest ?? { id: 0, name: null }),
    gpuMhz: gpuClock(files),
  };
}

/** What of it is part of a target, in the words of a profile's settings; empty on other devices. */
export function powerSettings(mode: PowerMode | undefined): Readonly<Record<string, string | boolean>> {
  const name = mode?.name ?? (mode === undefined || mode.id === null ? undefined : String(mode.id));
  const gpu = mode?.gpuMhz;
  return {
    ...(name === undefined ? {} : { powerMode: name.slice(0, 64) }),
    ...(gpu === undefined || gpu === null ? {} : { clocksHeld: gpu.least === gpu.most }),
  };
}

/** `< POWER_MODEL ID=0 NAME=MAXN >` */
function modesOf(conf: string): { id: number; name: string }[] {
  return [...conf.matchAll(/<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=([^\s>]+)/g)].map(([, id, name]) => ({
    id: Number(id),
    name: name!,
  }));
}

function gpuClock(files: SystemFiles): PowerMode['gpuMhz'] {
  const folder = 'sys/class/devfreq';
  const gpu = files.list(folder).find((name) => /gpu|g[apv]1\db|gb\d+b/.test(name));
  const least = files.number(`${folder}/${gpu}/min_freq`);
  const most = files.number(`${folder}/${gpu}/max_freq`);
  return least === undefined || most === undefined ? null : { least: least / 1e6, most: most / 1e6 };
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
