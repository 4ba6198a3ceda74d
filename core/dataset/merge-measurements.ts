// One latency for each network of a target. The rule: the median over a device's own profiles, then the median over
// devices. A device counts once however often it measures, so that one of three devices cannot move a target; and no
// order, time or upload decides.
import type { Workload } from '#core/search-space/workload.ts';
import { median } from '#core/statistics/quantile.ts';
import type { KernelShares } from './kernel-times/kernel-shares.ts';
import { meanShares } from './kernel-times/target-shares.ts';
import type { TargetData } from './target-data.ts';

export interface MergedMeasurement {
  readonly workload: Workload;
  /** Canonical text. */
  readonly architecture: string;
  readonly latencyMs: number;
  /** Profiles that measured it. */
  readonly profiles: number;
  /** Devices that measured it. */
  readonly devices: number;
  /** Largest over smallest of the devices' medians; with one device, of its profiles'. 1 where there is one value. */
  readonly disagreement: number;
  /** Shares of kernels in the time of a run: the mean over the profiles that say so; left out: none does. */
  readonly shares?: KernelShares;
}

/** In the order of `data.workloads` and of `data.architectures` in each. */
export function mergeMeasurements(data: TargetData): MergedMeasurement[] {
  const { length } = data.architectures;
  /** By network, then by device; values ascend, and so do the networks. */
  const networks = new Map<number, Map<string, number[]>>();
  for (const [workload, architecture, profile, medianMs] of data.values) {
    const at = workload * length + architecture;
    const byDevice = networks.get(at) ?? new Map<string, number[]>();
    networks.set(at, byDevice);
    const { deviceId } = data.profiles[profile]!;
    const values = byDevice.get(deviceId);
    if (values) values.push(medianMs);
    else byDevice.set(deviceId, [medianMs]);
  }
  const shares = Map.groupBy(data.shares ?? [], ([workload, architecture]) => workload * length + architecture);
  return Array.from(networks, ([at, values]) => ({
    workload: data.workloads[Math.floor(at / length)]!,
    architecture: data.architectures[at % length]!,
    ...mergedOver([...values.values()]),
    ...sharesOf(shares.get(at)?.map(([, , , own]) => own)),
  }));
}

function sharesOf(profiles: readonly KernelShares[] = []): Pick<MergedMeasurement, 'shares'> {
  const shares = meanShares(profiles);
  return shares === undefined ? {} : { shares };
}

export interface MergedModel extends Omit<MergedMeasurement, 'workload' | 'architecture'> {
  /** Hash of the operator graph. */
  readonly model: string;
}

/** The same rule for operator graphs, in the order of `data.models`. */
export function mergeModels({ profiles, models = [], modelValues = [], modelShares = [] }: TargetData): MergedModel[] {
  return models.map((model, at) => {
    const own = modelValues.filter(([row]) => row === at);
    const byDevice = Map.groupBy(own, ([, profile]) => profiles[profile]!.deviceId);
    return {
      model,
      ...mergedOver(Array.from(byDevice.values(), (values) => values.map(([, , medianMs]) => medianMs))),
      ...sharesOf(modelShares.filter(([row]) => row === at).map(([, , own]) => own)),
    };
  });
}

/** One latency out of the values of each device. */
function mergedOver(byDevice: readonly (readonly number[])[]) {
  const medians = byDevice.map((ofDevice) => median(ofDevice));
  const compared = medians.length > 1 ? medians : byDevice[0]!;
  return {
    latencyMs: median(medians),
    profiles: byDevice.reduce((count, ofDevice) => count + ofDevice.length, 0),
    devices: byDevice.length,
    disagreement: Math.max(...compared) / Math.min(...compared),
  };
}

/** Repeats that differ by more than this factor disagree; some do when a device was busy once. */
const disagreementFactor = 1.5;
/** Among at least so many repeated networks, more than this share has to disagree to be a contradiction. */
const fewestRepeats = 3;
const disagreementShare = 0.25;

/** How repeated measurements contradict each other, in a sentence; null where they do not or there are too few. */
export function repeatContradiction(
  merged: readonly Pick<MergedMeasurement, 'profiles' | 'disagreement'>[],
): string | null {
  const repeated = merged.filter(({ profiles }) => profiles > 1);
  const disagreeing = repeated.filter(({ disagreement }) => disagreement > disagreementFactor);
  if (repeated.length < fewestRepeats || disagreeing.length <= disagreementShare * repeated.length) return null;
  return `${disagreeing.length} of ${repeated.length} networks that were measured more than once differ by more than a factor of ${disagreementFactor}`;
}
