// A dataset that trains in seconds: a few simulated devices, two of them with two batch sizes, as a stored table; and the
// state machine's steps called one after another, as the state machine calls them.
import { gzipSync } from 'node:zlib';
import type { Store } from '#core/dataset/store.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { registerTarget } from '#core/service/register-target.ts';
import { recordFailure } from '#core/training/end-run.ts';
import { adaptStep, planAdaptStep, promoteStep } from '#core/training/promote-step.ts';
import { publishStep } from '#core/training/publish-candidate.ts';
import { reportStep } from '#core/training/report-step.ts';
import { readRun } from '#core/training/run-record.ts';
import {
  decideStep,
  evaluateStep,
  fitTask,
  freezeStep,
  planStep,
  refuseStep,
  type StepContext,
} from '#core/training/run-steps.ts';
import { beginRun } from '#core/training/start-run.ts';
import { storeTable } from '#core/training/stored-tables.ts';

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

export function tableText(from: Readonly<Record<string, Float64Array>> = columns): string {
  const names = Object.keys(from);
  const rows = texts.map((text, i) => [text, ...names.map((name) => from[name]![i]!.toPrecision(6))].join(','));
  return [['architecture', ...names].join(','), ...rows].join('\n');
}

export async function storeDataset(store: Store, from = columns): Promise<void> {
  await storeTable(store, space.id, gzipSync(tableText(from)));
  let time = 0;
  for (const targetId of Object.keys(from)) {
    const facts = { searchSpace: space.id, targetId, title: targetId, source: 'table', quality: 'good' } as const;
    await registerTarget(store, { ...facts, measurements: texts.length, excluded: {} }, time++);
  }
}

/** A clock that goes on a millisecond a look. */
export function contextOf(store: Store, start = 1_700_000_000_000): StepContext {
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
export async function drive(context: StepContext, options: DriveOptions = {}) {
  const { store, now } = context;
  const { idempotencyKey = 'first', before = () => undefined } = options;
  const request = { searchSpace: space.id, settings: options.settings ?? settings, requestedBy: 'operator' } as const;
  const { runId } = await beginRun(store, { ...request, runId: `run-${idempotencyKey}`, now: now() });
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    await before(name, runId);
    return work();
  };
  try {
    const { isNew } = await step('freeze', () => freezeStep(context, runId));
    if (isNew) {
      const { fits, folds } = await step('plan', () => planStep(context, runId));
      for (const { fitId } of fits) {
        const input = { runId, searchSpace: space.id, fitId };
        await step('fit', () => fitTask(context, input, { deadlineMs: Number.POSITIVE_INFINITY }));
      }
      for (const { fold } of folds) await step('evaluate', () => evaluateStep(context, runId, fold));
      const { outcome } = await step('decide', () => decideStep(context, runId));
      await step('publish', () => publishStep(context, runId));
      await step('report', () => reportStep(context, runId));
      if (outcome === 'refused') await step('refuse', () => refuseStep(context, runId));
      else {
        const { batches } = await step('plan-adapt', () => planAdaptStep(context, runId));
        for (const batch of batches) await step('adapt', () => adaptStep(context, runId, batch));
        await step('promote', () => promoteStep(context, runId));
      }
    }
  } catch (error) {
    const { name, message } = error as Error;
    await recordFailure(store, runId, { name, reason: message }, now());
  }
  return readRun(store, runId);
}
