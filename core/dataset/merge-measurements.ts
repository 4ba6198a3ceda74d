// One latency for each architecture of a target. The rule: the median over a device's own profiles, then the median
// over devices. A device counts once however often it measures, so that one of three devices cannot move a target; and
// no order, time or upload decides.
import { median } from '#core/statistics/quantile.ts';
import type { TargetData } from './target-data.ts';

export interface MergedMeasurement {
  /** Canonical text. */
  readonly architecture: string;
  readonly latencyMs: number;
  /** Profiles that measured it. */
  readonly profiles: number;
  /** Devices that measured it. */
  readonly devices: number;
  /** Largest over smallest of the devices' medians; with one device, of its profiles'. 1 where there is one value. */
  readonly disagreement: number;
}

/** In the order of `data.architectures`. */
export function mergeMeasurements(data: TargetData): MergedMeasurement[] {
  const rows = data.architectures.map(() => new Map<string, number[]>());
  for (const [architecture, profile, medianMs] of data.values) {
    const { deviceId } = data.profiles[profile]!;
    const row = rows[architecture]!;
    const values = row.get(deviceId);
    if (values) values.push(medianMs);
    else row.set(deviceId, [medianMs]);
  }
  return data.architectures.flatMap((architecture, index) => {
    const byDevice = [...rows[index]!.values()];
    if (byDevice.length === 0) return [];
    const medians = byDevice.map((values) => median(values));
    const compared = medians.length > 1 ? medians : byDevice[0]!;
    return {
      architecture,
      latencyMs: median(medians),
      profiles: byDevice.reduce((count, values) => count + values.length, 0),
      devices: byDevice.length,
      disagreement: Math.max(...compared) / Math.min(...compared),
    };
  });
}

/** Repeats that differ by more than this factor disagree; some do when a device was busy once. */
const disagreementFactor = 1.5;
/** At least so many architectures must be repeated, and more than this share of them disagree, for a contradiction. */
const fewestRepeats = 3;
const disagreementShare = 0.25;

/** How repeated measurements contradict each other, in a sentence; null where they do not or there are too few. */
export function repeatContradiction(merged: readonly MergedMeasurement[]): string | null {
  const repeated = merged.filter(({ profiles }) => profiles > 1);
  const disagreeing = repeated.filter(({ disagreement }) => disagreement > disagreementFactor);
  if (repeated.length < fewestRepeats || disagreeing.length <= disagreementShare * repeated.length) return null;
  return (
    `${disagreeing.length} of ${repeated.length} architectures that were measured more than once differ by more ` +
    `than a factor of ${disagreementFactor}`
  );
}
