// Each task of training in the order of a run, over a store that notes what it reads, writes and deletes: that is what
// its role in the cloud allows (infra/training-access.ts), no more and no less.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { readAliases } from '#core/predictors/aliases.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { recordFailure } from '#core/training/runs/end-run.ts';
import { silentAfterS } from '#core/training/runs/run-lock.ts';
import { changeRun } from '#core/training/runs/run-record.ts';
import { beginRun } from '#core/training/runs/start-run.ts';
import { trainingAccess } from '#infra/training-access.ts';
import { mapStore } from '../map-store.ts';
import { contextOf, drive, storeDataset } from './tiny-training.ts';

vi.setConfig({ hookTimeout: 300_000 });

type Task = keyof typeof trainingAccess;
type Kind = 'reads' | 'writes' | 'deletes';

const tasksOfSteps: Readonly<Record<string, Task>> = {
  card: 'decide',
  'plan-adapt': 'publish',
  refuse: 'conclude',
  promote: 'conclude',
};

/** What a task does only where something is so that is not so in this run. */
const seldom: Partial<Readonly<Record<Task, Partial<Readonly<Record<Kind, readonly string[]>>>>>> = {
  // Something was withdrawn: what is left of it is joined anew.
  freeze: { reads: ['profiles/'] },
  // There is a champion: its card says how it was trained.
  evaluate: { reads: ['predictors/'] },
  decide: { reads: ['predictors/'] },
  // They go on for five minutes, and say so; operator graphs were measured.
  fit: { reads: ['graphs/'], writes: ['training-runs/'] },
  adapt: { reads: ['graphs/'], writes: ['training-runs/'] },
  // Targets came while the others were adapted.
  conclude: { reads: ['measurements/', 'withdrawals/', 'graphs/'], writes: ['adaptations/'] },
};

const used = new Map<Task, Record<Kind, Set<string>>>();
let task: Task = 'freeze';

const prefixOf = (key: string): string => `${key.split('/')[0]}/`;

/** Notes what goes through it for the task under way. */
function noting(store: Store): Store {
  const note = (kind: Kind, key: string): void => {
    const uses = used.get(task) ?? { reads: new Set(), writes: new Set(), deletes: new Set() };
    used.set(task, uses);
    uses[kind].add(prefixOf(key));
  };
  const get = (key: string, ifNoneMatch?: string) => {
    note('reads', key);
    return ifNoneMatch === undefined ? store.get(key) : store.get(key, ifNoneMatch);
  };
  return {
    ...store,
    get: get as Store['get'],
    put(key, body, condition) {
      note('writes', key);
      // Whose answer was lost looks at what is there (functions/shared/conditional-put.ts).
      if (condition?.ifMatch !== undefined) note('reads', key);
      return store.put(key, body, condition);
    },
    list(prefix, after) {
      note('reads', prefix);
      return store.list(prefix, after);
    },
    delete(key) {
      note('deletes', key);
      return store.delete(key);
    },
  };
}

beforeAll(async () => {
  const plain = mapStore();
  await storeDataset(plain);
  const store = noting(plain);
  const before = (step: string): void => {
    task = tasksOfSteps[step] ?? (step as Task);
  };
  await plain.put('adaptations/older/phone.json', new Uint8Array());
  expect(await drive(contextOf(store), { before })).toMatchObject({ status: 'promoted' });

  // A run that was lost gives way to the next one, which then fails: both leave fits and a challenger behind.
  const leaveBehind = async (runId: string): Promise<void> => {
    const { champion } = (await readAliases(plain))!.value;
    await writeJson(plain, 'predictors/aliases.json', { champion, challenger: 'candidate' });
    await plain.put(`training-parts/${runId}/fits/f.json`, new Uint8Array());
    await changeRun(plain, runId, 0, () => ({ version: 'candidate' }));
  };
  const now = 2_000_000_000_000;
  task = 'freeze';
  await beginRun(store, { runId: 'lost', requestedBy: 'schedule', now });
  await leaveBehind('lost');
  await beginRun(store, { runId: 'next', requestedBy: 'schedule', now: now + silentAfterS * 1000 });
  await leaveBehind('next');
  task = 'record-failure';
  await recordFailure(store, 'next', { name: 'States.Timeout', reason: 'too long' }, now);
});

describe.each(Object.keys(trainingAccess) as Task[])('%s', (name) => {
  test('does what it may, and may what it does', () => {
    const { reads, writes, deletes = [] } = trainingAccess[name];
    const all = (kind: Kind): string[] =>
      [...new Set([...(used.get(name)?.[kind] ?? []), ...(seldom[name]?.[kind] ?? [])])].sort();
    expect({ reads: all('reads'), writes: all('writes'), deletes: all('deletes') }).toEqual({
      reads: reads.toSorted(),
      writes: writes.toSorted(),
      deletes: deletes.toSorted(),
    });
  });
});
