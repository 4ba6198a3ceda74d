// A dataset of simulated NAS-Bench-201 devices in a store, of any number of targets.
import { createHash } from 'node:crypto';
import { targetId as targetIdOf } from '#core/dataset/target-id.ts';
import type { Kernel } from '#core/graph/kernel.ts';
import { standardisationOf, standardised } from '#core/predictor/fitting/price-network.ts';
import { simulatePrices } from '#core/predictor/fitting/simulate-device.ts';
import { networkCounts } from '#core/predictor/kernels/count-cache.ts';
import { kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { measurementsKey, targetKey } from '#core/targets/keys.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';

/** Measurements of each target: enough to be learned from. 5,000 targets are 400,000 measurements. */
export const measurementsPerTarget = 80;
/** Architectures that the targets are measured on: a fifth is kept for evaluation, the rest is small enough that every
 * target has some of those that predictors are given. */
const common = 1200;
/** Targets of a device. */
const targetsPerDevice = 2;

function featuresOf(kernels: readonly Kernel[]): Float32Array {
  const features = Float32Array.from(kernels.flatMap((kernel) => kernelFeatures(kernel)));
  return standardised(features, standardisationOf(features));
}

/** Fills a store with targets as their accepted profiles would leave them; the same number gives the same dataset. */
export async function storeSimulated(store: Store, targets: number): Promise<void> {
  const space = searchSpace('nasbench201');
  const random = seededRandom(3);
  const connected = [...space.enumerate!()].filter((architecture) => space.isConnected(architecture));
  const used = [...random.choose(connected.length, common)].map((at) => connected[at]!);
  const texts = used.map((architecture) => space.format(architecture));
  const workload = workloadOf({ searchSpace: space.id });
  const { table, rows: networks } = networkCounts(['eager']).count({ workload, architectures: used });
  const everything = { kernels: table.kernels, features: featuresOf(table.kernels), batch: 1 };
  const launches = new Float64Array(table.kernels.length).fill(1);
  for (let i = 0; i < targets; i++) {
    const rows = random.choose(common, measurementsPerTarget);
    const prices = simulatePrices(random, everything, launches);
    const latency = Array.from(rows, (row) => {
      const { kernels, counts } = networks[row]![0]!;
      return kernels.reduce((sum, kernel, k) => sum + counts[k]! * prices[kernel]!, 0);
    });
    const model = `Board ${Math.floor(i / targetsPerDevice)}`;
    const hardware = { vendor: null, model, cpu: null, cores: 4, memoryMib: 4096, accelerator: 'none' };
    const settings = { threads: 1 + (i % targetsPerDevice) };
    const runtime = { name: 'onnxruntime', version: '1.30.0', executionProvider: 'cpu', settings };
    const target = { hardware, runtime, precision: 'fp32' } as const;
    const targetId = targetIdOf(target);
    const order = [...rows.keys()].sort((a, b) => (texts[rows[a]!]! < texts[rows[b]!]! ? -1 : 1));
    const sha256 = createHash('sha256').update(targetId).digest('hex');
    const [acceptedAt, deviceId] = ['2026-01-01T00:00:00.000Z', `device-${i}`];
    await writeJson(store, measurementsKey(targetId), {
      formatVersion: 2,
      targetId,
      target,
      profiles: [{ sha256, deviceId, acceptedAt, agentVersion: 'bench', startedAt: null, excluded: {} }],
      workloads: [workload],
      architectures: order.map((at) => texts[rows[at]!]),
      values: order.map((at, row) => [0, row, 0, 5 * latency[at]!]),
      descriptor: null,
    });
    const facts = { targetId, title: targetId, source: 'device', quality: 'good' } as const;
    const measurements = rows.length;
    const workloads = [{ ...workload, measurements }];
    const more = { measurements, workloads, excluded: {}, target, profiles: 1, devices: [deviceId], descriptor: null };
    const time = new Date(i).toISOString();
    const record = targetRecordSchema.parse({ ...facts, ...more, createdAt: time, updatedAt: time });
    await writeJson(store, targetKey(targetId), record);
  }
}
