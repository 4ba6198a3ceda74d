// A dataset that trains in seconds: a few simulated devices, two of them with two batch sizes, as their profiles left
// it; and the state machine's steps called one after another, as the state machine calls them.

import { targetOfColumn } from '#cli/import/table-profiles.ts';
import type { TargetData } from '#core/dataset/target-data.ts';
import { DomainError } from '#core/errors.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { measurementsKey } from '#core/targets/keys.ts';
import { importAgent, refreshTarget } from '#core/targets/refresh-target.ts';
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
import { readRun } from '#core/training/runs/run-record.ts';
import { beginRun } from '#core/training/runs/start-run.ts';
import { renderReport } from '#report/render-report.ts';

export const space = searchSpace('nasbench201');
export const settings = { seeds: [0], steps: 50, folds: 2, repeats: 1 };

const random = seededRandom(5);
const seen = new Set<string>();
while (seen.size < 260) {
  const architecture = space.sample(random);
  if (space.isConnected(architecture)) seen.add(space.format(architecture));
}
export const texts = [...seen].sort();
const simulator = space.simulator(texts.map((text) => space.parse(text)));
const everyone = Int32Array.from(texts.keys());
const drawn = Array.from({ length: 8 }, () => simulator.draw(random, everyone));

/** ms. */
export const columns: Readonly<Record<string, Float64Array>> = {
  phone_1: drawn[0]!.map((v) => 20 * v),
  phone_32: drawn[0]!.map((v, i) => 200 * v + 30 * drawn[1]![i]!),
  server_1: drawn[2]!.map((v) => 3 * v),
  server_32: drawn[2]!.map((v, i) => 30 * v + 2 * drawn[3]![i]!),
  board_1: drawn[4]!.map((v) => 90 * v),
  tablet_1: drawn[5]!.map((v) => 40 * v),
};

/** `phone_32` → the phone at batch size 32. */
function targetOf(column: string) {
  const [device, batchSize = '1'] = column.split('_');
  return targetOfColumn(device!, space.id, Number(batchSize));
}

/** Of the column's target: what one accepted profile of the import leaves. */
export function targetDataOf(column: string, latencyMs: Float64Array): TargetData {
  const profile = { deviceId: 'table', acceptedAt: '1970-01-01T00:00:00.000Z', agentVersion: `${importAgent} 1` };
  return {
    formatVersion: 1,
    targetId: column,
    target: targetOf(column),
    profiles: [{ sha256: '0'.repeat(64), ...profile, startedAt: null, excluded: {} }],
    architectures: texts,
    values: texts.map((_, row) => [row, 0, Number(latencyMs[row]!.toPrecision(6))]),
    descriptor: null,
  };
}

/** Targets under the names of their columns. */
export async function storeDataset(store: Store, from = columns): Promise<void> {
  let now = 0;
  for (const [column, latencyMs] of Object.entries(from)) {
    const data = targetDataOf(column, latencyMs);
    await writeJson(store, measurementsKey(space.id, column), data);
    await refreshTarget(store, data, [], { now: now++ });
  }
}

/** A clock that goes on a millisecond a look. */
export function contextOf(store: Store, start = 1_700_000_000_000): PhaseContext {
  let time = start;
  return { store, now: () => time++ };
}

export interface DriveOptions {
  readonly idempotencyKey?: string;
  readonly settings?: typeof settings;
  /** Called before every step with its name. */
  readonly before?: (step: string, runId: string) => Promise<void> | void;
}

/** What the state machine does, with its Catch. */
export async function drive(context: PhaseContext, options: DriveOptions = {}) {
  const { store, now } = context;
  const { idempotencyKey = 'first', before = () => undefined } = options;
  const request = { searchSpace: space.id, settings: options.settings ?? settings, requestedBy: 'operator' } as const;
  const { runId } = await beginRun(store, { ...request, runId: `run-${idempotencyKey}`, now: now() });
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    await before(name, runId);
    return work();
  };
  try {
    const { isNew } = await step('freeze', () => freezePhase(context, runId));
    if (isNew) {
      const { fits, folds } = await step('plan', () => planPhase(context, runId));
      for (const { fitId } of fits) {
        const input = { runId, searchSpace: space.id, fitId };
        await step('fit', () => fitPhase(context, input, { deadlineMs: Number.POSITIVE_INFINITY }));
      }
      for (const { fold } of folds) await step('evaluate', () => evaluatePhase(context, runId, fold));
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
