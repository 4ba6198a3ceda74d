// A dataset whose counters tell prices: four simulated devices, each with two runtimes, of which two take long for
// multiply-accumulates and two for bytes; and how many cache misses the operators of their descriptors count says
// which.
import { targetOfColumn, workloadOfColumn } from '#cli/import/table-profiles.ts';
import type { TargetData } from '#core/dataset/target-data.ts';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { networkCounts } from '#core/predictor/kernels/count-cache.ts';
import { seededRandom } from '#core/random.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { measurementsKey } from '#core/targets/keys.ts';
import { refreshTarget } from '#core/targets/refresh-target.ts';
import { space, texts } from './tiny-training.ts';

const devices = ['phone', 'server', 'board', 'tablet'] as const;
type Device = (typeof devices)[number];
/** Bytes are dear on these. */
const moving: readonly Device[] = ['server', 'tablet'];
const runtimes = ['onnxruntime', 'tflite'] as const;

/** ms. */
function latencies(device: Device, seed: number): number[] {
  const random = seededRandom(seed);
  const workload = workloadOfColumn(space.id);
  const { table, rows } = networkCounts(['eager']).count({ workload, architectures: texts.map((t) => space.parse(t)) });
  const [perMac, perByte] = moving.includes(device) ? [1, 6] : [6, 1];
  const scale = random.logUniform(0.5, 2);
  const prices = table.kernels.map(
    ({ macs, inputBytes, outputBytes }) =>
      scale * (0.02 + perMac * macs * 2e-8 + perByte * (inputBytes + outputBytes) * 1e-7),
  );
  return rows.map(([row]) => {
    const ms = row!.kernels.reduce((sum, k, i) => sum + row!.counts[i]! * prices[k]!, 0);
    return Number((ms * (1 + 0.01 * random.normal())).toPrecision(6));
  });
}

/** Every operator with as many cache misses; without, `not-counted`. */
export function descriptorWith(cacheMisses: number | undefined): Descriptor {
  const latency = { medianMs: 2, trimmedMeanMs: null, spreadMs: null };
  const counters = { 'cache-misses': cacheMisses ?? ('not-counted' as const) };
  return {
    ...{ list: 'nasbench201', inputSize: 32, batchSize: 1 },
    counters: { 'cache-misses': { pmu: 'armv8_cortex_a76', event: 'cache-misses' } },
    operators: Object.fromEntries(
      descriptorOperators.nasbench201.map((key) => [key, { latency, runs: 9, counters, runningPercent: {} }]),
    ),
  };
}

/** `phone-onnxruntime` to `tablet-tflite`. */
export const countedTargets = devices.flatMap((device) => runtimes.map((runtime) => `${device}-${runtime}`));

export interface CountedDataset {
  /** A device's cache misses; undefined: it counts none. */
  readonly cacheMisses?: (device: Device) => number | undefined;
  readonly runtimes?: readonly string[];
  /** Those that have no descriptor. */
  readonly without?: readonly string[];
}

const tellingMisses = (device: Device): number => (moving.includes(device) ? 5000 : 50);

/** What one accepted profile each leaves of the targets. */
export async function storeCountedDataset(store: Store, dataset: CountedDataset = {}): Promise<void> {
  const { cacheMisses = tellingMisses, runtimes: names = runtimes, without = [] } = dataset;
  const targets = devices.flatMap((device) => runtimes.map((runtime, at) => ({ device, runtime, name: names[at]! })));
  for (const [at, { device, runtime, name }] of targets.entries()) {
    const targetId = `${device}-${runtime}`;
    const sha256 = at.toString(16).repeat(64);
    const target = targetOfColumn(device);
    const data: TargetData = {
      ...{ formatVersion: 2, targetId, target: { ...target, runtime: { ...target.runtime, name } } },
      profiles: [
        {
          ...{ sha256, deviceId: device, acceptedAt: '2026-01-01T00:00:00.000Z', agentVersion: '1' },
          ...{ startedAt: null, excluded: {} },
        },
      ],
      ...{ workloads: [workloadOfColumn(space.id)], architectures: texts },
      values: latencies(device, at).map((ms, row) => [0, row, 0, ms]),
      descriptor: without.includes(targetId) ? null : { sha256, descriptor: descriptorWith(cacheMisses(device)) },
    };
    await writeJson(store, measurementsKey(targetId), data);
    await refreshTarget(store, data, [], { now: at });
  }
}
