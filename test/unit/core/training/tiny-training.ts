// A dataset that trains in seconds: a few simulated devices, two of them with two batch sizes, as their profiles left
// it; and the state machine's steps called one after another, as the state machine calls them.

import { targetOfColumn, workloadOfColumn } from '#cli/import/table-profiles.ts';
import { joinTargetData, type TargetData } from '#core/dataset/target-data.ts';
import { DomainError } from '#core/errors.ts';
import type { Kernel } from '#core/graph/kernel.ts';
import { lower } from '#core/graph/lower.ts';
import { networkCounts } from '#core/predictor/kernels/count-cache.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { keepGraphs } from '#core/targets/graphs/measured-graphs.ts';
import { measurementsKey } from '#core/targets/keys.ts';
import { importAgent, refreshTarget } from '#core/targets/refresh-target.ts';
import { runFoldKey } from '#core/training/keys.ts';
import { adaptPhase, planAdaptPhase, promotePhase } from '#core/training/phases/promote-phase.ts';
import { publishPhase } from '#core/training/phases/publish-phase.ts';
import { reportPhase } from '#core/training/phases/report-phase.ts';
import {
  decidePhase,
  evaluatePhase,
  fitPhase,
  freezePhase,
  type PhaseContext,
  planPhase,
  refuseRun,
} from '#core/training/phases/run-phases.ts';
import { writeCard } from '#core/training/phases/write-card.ts';
import { recordFailure } from '#core/training/runs/end-run.ts';
import { changeRun, nextPhase, readRun } from '#core/training/runs/run-record.ts';
import { beginRun } from '#core/training/runs/start-run.ts';
import { renderReport } from '#report/render-report.ts';

export const space = searchSpace('nasbench201');
export const settings = { seeds: [0], steps: 20, folds: 2, repeats: 1 };

const random = seededRandom(5);
const seen = new Set<string>();
while (seen.size < 120) {
  const architecture = space.sample(random);
  if (space.isConnected(architecture)) seen.add(space.format(architecture));
}
export const texts = [...seen].sort();

/** ms of every architecture on a device that takes so long for a launch and prices multiply-accumulates and bytes by
 * the kind of kernel. */
function simulated(launchMs: number, scale: number, batchSize: number): Float64Array {
  const workload = workloadOfColumn(space.id, batchSize);
  const { table, rows } = networkCounts(['eager']).count({ workload, architectures: texts.map((t) => space.parse(t)) });
  const kinds = new Map<string, readonly [number, number]>();
  const priceOf = ({ kind, macs, inputBytes, outputBytes }: Kernel): number => {
    const [perMac, perByte] = kinds.get(kind) ?? [random.logUniform(0.3, 3), random.logUniform(0.3, 3)];
    kinds.set(kind, [perMac, perByte]);
    return launchMs + scale * batchSize * (perMac * macs * 2e-8 + perByte * (inputBytes + outputBytes) * 1e-7);
  };
  const prices = table.kernels.map(priceOf);
  return Float64Array.from(rows, ([row]) => row!.kernels.reduce((sum, k, i) => sum + row!.counts[i]! * prices[k]!, 0));
}

/** ms. */
export const columns: Readonly<Record<string, Float64Array>> = {
  phone_1: simulated(0.05, 8, 1),
  phone_32: simulated(0.05, 8, 32),
  server_1: simulated(0.02, 1, 1),
  server_32: simulated(0.02, 1, 32),
  board_1: simulated(0.1, 30, 1),
  tablet_1: simulated(0.04, 15, 1),
};
/** What the columns are of, under these names. */
export const targets = ['phone', 'server', 'board', 'tablet'] as const;

/** `phone_32` is the phone at batch size 32. */
function readingOf(column: string): { readonly device: string; readonly batchSize: number } {
  const [device, batchSize = '1'] = column.split('_');
  return { device: device!, batchSize: Number(batchSize) };
}

/** Of a target: what one accepted profile a column of the import leaves. */
export function targetDataOf(target: string, from = columns): TargetData {
  const profile = { deviceId: 'table', acceptedAt: '1970-01-01T00:00:00.000Z', agentVersion: `${importAgent} 1` };
  const own = Object.keys(from).filter((column) => readingOf(column).device === target);
  return own
    .map(
      (column, at): TargetData => ({
        formatVersion: 2,
        targetId: target,
        target: targetOfColumn(target),
        profiles: [{ sha256: String(at).repeat(64), ...profile, startedAt: null, excluded: {} }],
        workloads: [workloadOfColumn(space.id, readingOf(column).batchSize)],
        architectures: texts,
        values: texts.map((_, row) => [0, row, 0, Number(from[column]![row]!.toPrecision(6))]),
        descriptor: null,
      }),
    )
    .reduce(joinTargetData);
}

/** Targets under the names of their columns, in the order of these. */
export async function storeDataset(store: Store, from = columns): Promise<void> {
  let now = 0;
  for (const target of new Set(Object.keys(from).map((column) => readingOf(column).device))) {
    const data = targetDataOf(target, from);
    await writeJson(store, measurementsKey(target), data);
    await refreshTarget(store, data, [], { now: now++ });
  }
}

/** ms of the standard networks: a launch each kernel, and their multiply-accumulates and bytes. */
const standardLatencies = (launchMs: number, scale: number): Map<string, number> =>
  new Map(
    standardGraphs().map(({ id, graph }) => [
      id,
      lower(graph, 'eager').reduce((sum, { kernel: { macs, inputBytes, outputBytes }, count }) => {
        return sum + count * (launchMs + scale * (macs * 2e-8 + (inputBytes + outputBytes) * 1e-7));
      }, 0.1),
    ]),
  );

/** What one accepted profile leaves of a target that has measured the standard networks and nothing else. */
export async function storeStandardTarget(store: Store, target: string, launchMs = 0.03, count = 17): Promise<void> {
  const latencies = standardLatencies(launchMs, 5);
  const measured = standardGraphs()
    .slice(0, count)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const profile = { deviceId: `device-${target}`, acceptedAt: '2026-01-01T00:00:00.000Z', agentVersion: '1' };
  const data: TargetData = {
    formatVersion: 2,
    targetId: target,
    target: targetOfColumn(target),
    profiles: [{ sha256: 'a'.repeat(64), ...profile, startedAt: null, excluded: {} }],
    workloads: [],
    architectures: [],
    values: [],
    models: measured.map(({ id }) => id),
    modelValues: measured.map(({ id }, row) => [row, 0, latencies.get(id)!]),
    descriptor: null,
  };
  await keepGraphs(store, measured);
  await writeJson(store, measurementsKey(target), data);
  await refreshTarget(store, data, [], { now: 1000 });
}

/** A clock that goes on a millisecond a look. */
export function contextOf(store: Store, start = 1_700_000_000_000): PhaseContext {
  let time = start;
  return { store, now: () => time++ };
}

export interface DriveOptions {
  readonly idempotencyKey?: string;
  readonly settings?: typeof settings;
  readonly processor?: string;
  /** Of an earlier run with the same fits and settings, which is most of a run's time: the same would come out. */
  readonly scores?: (fold: number) => Uint8Array;
  /** Called before every step with its name. */
  readonly before?: (step: string, runId: string) => Promise<void> | void;
}

async function scoredBefore(
  { store, now }: PhaseContext,
  runId: string,
  fold: number,
  scores: Uint8Array,
): Promise<void> {
  await changeRun(store, runId, now(), (current) => nextPhase(current, 'fit', 'evaluate', now()));
  await store.put(runFoldKey(runId, fold), scores);
}

/** What the state machine does, with its Catch. */
export async function drive(context: PhaseContext, options: DriveOptions = {}) {
  const { store, now } = context;
  const { idempotencyKey = 'first', processor = 'x64', before = () => undefined, scores } = options;
  const request = { settings: options.settings ?? settings, requestedBy: 'operator' } as const;
  const { runId } = await beginRun(store, { ...request, runId: `run-${idempotencyKey}`, now: now() });
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    await before(name, runId);
    return work();
  };
  try {
    const { isNew } = await step('freeze', () => freezePhase(context, runId));
    if (isNew) {
      const { fits, folds } = await step('plan', () => planPhase({ ...context, processor }, runId));
      for (const { fitId } of fits) {
        const input = { runId, fitId };
        await step('fit', () => fitPhase(context, input, { deadlineMs: Number.POSITIVE_INFINITY }));
      }
      for (const { fold } of folds) {
        await step('evaluate', () =>
          scores ? scoredBefore(context, runId, fold, scores(fold)) : evaluatePhase(context, runId, fold),
        );
      }
      const { outcome } = await step('decide', () => decidePhase(context, runId));
      await step('card', () => writeCard(context, runId));
      await step('report', () => reportPhase(context, runId, renderReport)).catch((error: unknown) => {
        if (error instanceof DomainError && error.code === 'cancelled') throw error;
      });
      await step('publish', () => publishPhase(context, runId));
      const { batches } = await step('plan-adapt', () => planAdaptPhase(context, runId, { mostInlineBatches: 200 }));
      for (const batch of batches) await step('adapt', () => adaptPhase(context, runId, batch));
      if (outcome === 'refused') await step('refuse', () => refuseRun(context, runId));
      else await step('promote', () => promotePhase(context, runId));
    }
  } catch (error) {
    const { name, message } = error as Error;
    await recordFailure(store, runId, { name, reason: message }, now());
  }
  return readRun(store, runId);
}
