import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Profile } from '#core/dataset/profile.ts';
import { DomainError } from '#core/errors.ts';
import type { IngestResult } from '#core/intake/ingest-upload.ts';
import { orderWithdrawal, type WithdrawalRequest, type WithdrawalSelection } from '#core/intake/order-withdrawal.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { predict } from '#core/serve/predict-latencies.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { keptAdaptationSchema } from '#core/targets/kept-adaptation.ts';
import { adaptationKey, targetKey } from '#core/targets/keys.ts';
import { listProfiles } from '#core/targets/list-profiles.ts';
import { showTarget } from '#core/targets/show-target.ts';
import { supportSet } from '#core/targets/support/support-set.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import { setChampion } from '#core/training/phases/promote-phase.ts';
import { freezeSnapshot } from '#core/training/snapshot/freeze-snapshot.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { type FieldService, fieldService, profileOf } from '../field-service.ts';
import { deployTiny, measured, type Trained, texts, trainTiny } from '../tiny-service.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let trained: Trained;
beforeAll(async () => {
  trained = await trainTiny(1);
});

const server = measured('server', 80).map(({ latencyMs }) => latencyMs);
const right = (index: number): number => server[index]!;
/** Seconds that were read as milliseconds. */
const wrong = (index: number): number => server[index]! / 1000;

/** A service whose champion is the tiny predictor. */
async function service(through?: (store: Store) => Store): Promise<FieldService> {
  const made = fieldService(through);
  await deployTiny(made.data, trained, []);
  return made;
}

const acceptedIn = (result: IngestResult) => {
  if (result.outcome !== 'accepted') throw new Error(JSON.stringify(result));
  return { ...result.upload, ...result.upload.accepted! };
};

let keys = 0;
const order = (
  { dependencies }: FieldService,
  action: 'withdraw' | 'restore',
  selection: WithdrawalSelection,
  more: Partial<WithdrawalRequest> & { readonly hasTime?: () => boolean; readonly store?: Store } = {},
) => {
  const { hasTime = () => true, store = dependencies.data, ...request } = more;
  const { predictors, now } = dependencies;
  return orderWithdrawal(
    { store, predictors, now, hasTime },
    { action, selection, reason: null, callerTokenId: 'o', idempotencyKey: `key-${keys++}`, ...request },
  );
};

async function stateOf({ data }: FieldService, targetId: string) {
  const record = (await readJson(data, targetKey(targetId), targetRecordSchema))?.value;
  const key = adaptationKey(trained.predictor.identity.version, targetId);
  const kept = (await readJson(data, key, keptAdaptationSchema))?.value;
  return { record, kept };
}

/** What counts, without what tells how often something was ordered. */
async function countingState(from: FieldService, targetId: string) {
  const { record, kept } = await stateOf(from, targetId);
  const { dataRevision: _, ...adaptation } = kept ?? {};
  const { createdAt: _c, updatedAt: _u, withdrawn, ...facts } = record!;
  return { ...facts, adaptation, withdrawnProfiles: withdrawn?.profiles ?? 0 };
}

const asked = ({ data }: FieldService, target: string) =>
  predict(
    {
      predictors: predictorCache({ store: data, now: () => 0, loadPredictor }),
      targetNames: async () => [target],
    },
    { searchSpace: 'nasbench201', target, architectures: texts.slice(0, 3) },
  );

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof DomainError ? [error.code, error.message] : error),
  );

describe('withdrawing', () => {
  it('one profile: what is left is as if it had never been sent, and restoring brings it back', async () => {
    const both = await service();
    const [a, b] = [await both.enrol('a'), await both.enrol('b')];
    const good = acceptedIn(await both.send(a, profileOf(right)));
    const before = await countingState(both, good.targetId);
    const bad = acceptedIn(await both.send(b, profileOf(wrong, { to: 40 })));
    const mixed = await countingState(both, good.targetId);
    expect(mixed).toMatchObject({ measurements: 40, profiles: 2, quality: 'contradictory' });

    const reply = await order(both, 'withdraw', { target: good.targetId, profile: bad.sha256 }, { reason: 'seconds' });
    expect(reply).toMatchObject({ action: 'withdraw', scope: 'profile', id: bad.sha256, nextCursor: null });
    expect(reply.targets).toEqual([{ targetId: good.targetId, measurements: 20, profiles: 2, withdrawnProfiles: 1 }]);
    const after = await countingState(both, good.targetId);
    expect(after).toEqual({ ...before, profiles: 2, devices: [a, b], withdrawnProfiles: 1 });
    const list = await listProfiles(both.data, { targetId: good.targetId, limit: 10 });
    expect(list.profiles.find(({ sha256 }) => sha256 === bad.sha256)).toMatchObject({
      deviceName: 'b',
      withdrawn: { at: reply.at, scope: 'profile', reason: 'seconds' },
      workloads: [{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1, measurements: 40 }],
    });
    expect(list.profiles.find(({ sha256 }) => sha256 === good.sha256)!.withdrawn).toBeNull();

    await order(both, 'restore', { upload: bad.uploadId });
    expect(await countingState(both, good.targetId)).toEqual(mixed);
  });

  it('a target: nothing is predicted, trained on or known, until something is measured again', async () => {
    const field = await service();
    const device = await field.enrol('a');
    const { targetId } = acceptedIn(await field.send(device, profileOf(right, { to: 70 })));
    const other = acceptedIn(await field.send(device, profileOf(right, { to: 70, model: 'Other' })));
    expect((await freezeSnapshot(field.data)).targets.map(({ id }) => id)).toEqual([targetId, other.targetId].sort());

    await order(field, 'withdraw', { target: targetId });
    const message = `target '${targetId}' has no measurements in use: an operator withdrew them`;
    expect(await codeOf(asked(field, targetId))).toEqual(['unknown-target', message]);
    expect(await codeOf(asked(field, other.targetId))).toBe('done');
    expect(await showTarget(field.data, targetId)).toMatchObject({
      adaptation: null,
      target: { measurements: 0, workloads: [], profiles: 1, withdrawn: { profiles: 1, orders: 1 } },
    });
    expect((await freezeSnapshot(field.data)).targets.map(({ id }) => id)).toEqual([other.targetId]);
    const predictors = { champion: () => Promise.reject(new DomainError('not-ready', 'none')) };
    const next = { searchSpace: 'nasbench201', count: 1, target: targetId };
    expect(await supportSet({ store: field.data, models: async () => [], predictors }, next)).toMatchObject({
      measured: 0,
    });
    // The same bytes once more are the same profile; others are new.
    await field.send(device, profileOf(right, { to: 70 }));
    expect(await stateOf(field, targetId)).toMatchObject({ record: { measurements: 0 }, kept: { withdrawn: true } });
    await field.send(device, profileOf(right, { to: 30 }));
    expect(await stateOf(field, targetId)).toMatchObject({ record: { measurements: 30 }, kept: { measurements: 30 } });
    expect(await codeOf(asked(field, targetId))).toBe('done');
  });

  it('a device: all that it announced, processed or not, and nothing of others', async () => {
    const field = await service();
    const [bad, good] = [await field.enrol('bad'), await field.enrol('good')];
    const shared = acceptedIn(await field.send(bad, profileOf(wrong)));
    await field.send(good, profileOf(right));
    const own = acceptedIn(await field.send(bad, profileOf(wrong, { model: 'Own' })));
    const foreign = acceptedIn(await field.send(good, profileOf(right, { model: 'Foreign' })));
    const untouched = await stateOf(field, foreign.targetId);
    const waiting = await field.upload(bad, profileOf(wrong, { model: 'Waiting' }));

    const { targets } = await order(field, 'withdraw', { device: bad });
    expect(targets.map(({ targetId }) => targetId)).toEqual([own.targetId, shared.targetId].sort());
    const late = acceptedIn(await field.event(waiting));
    for (const [targetId, measurements] of [
      [shared.targetId, 20],
      [own.targetId, 0],
      [late.targetId, 0],
    ] as const) {
      expect((await stateOf(field, targetId)).record).toMatchObject({ measurements, withdrawn: { profiles: 1 } });
    }
    expect(await stateOf(field, foreign.targetId)).toEqual(untouched);
    // What it measures from now on counts.
    const again = acceptedIn(await field.send(bad, profileOf(right, { model: 'Own' })));
    expect((await stateOf(field, again.targetId)).record).toMatchObject({ measurements: 20 });
  });

  it('ends the same in whatever order uploads, their events and orders come', async () => {
    const steps = {
      a: async (field: FieldService, up: Uploads) => field.event(up.a),
      b: async (field: FieldService, up: Uploads) => field.event(up.b),
      withdraw: async (field: FieldService, up: Uploads) => order(field, 'withdraw', { upload: up.b.uploadId }),
    };
    const orders = [
      ['a', 'b', 'withdraw'],
      ['a', 'withdraw', 'b'],
      ['withdraw', 'b', 'a'],
      ['b', 'withdraw', 'a', 'b', 'withdraw'],
      ['b', 'a', 'withdraw', 'a'],
    ] as const;
    const ends: unknown[] = [];
    const field = await service();
    const devices = [await field.enrol('a'), await field.enrol('b')] as const;
    const up = {
      a: await field.upload(devices[0], profileOf(right)),
      b: await field.upload(devices[1], profileOf(wrong)),
    };
    const reset = resetter(field);
    for (const names of orders) {
      reset();
      for (const name of names) await steps[name](field, up);
      const { targetId } = acceptedIn({ ...(await field.event(up.a)), outcome: 'accepted' } as IngestResult);
      const { devices: _, ...end } = await countingState(field, targetId);
      ends.push(end);
    }
    expect(ends[0]).toMatchObject({ measurements: 20, profiles: 2, withdrawnProfiles: 1, quality: 'good' });
    for (const end of ends) expect(end).toEqual(ends[0]);
  });

  it('whose store fails at any of its calls, is finished by sending it again, as one order', async () => {
    const { field, bad, targetId, reset } = await made();
    await order(field, 'withdraw', { device: bad }, { idempotencyKey: 'same' });
    const end = await countingState(field, targetId);
    expect(end).toMatchObject({ measurements: 20, withdrawnProfiles: 1 });
    let failures = 0;
    for (let failing = 0; ; failing++) {
      reset();
      const store = failingAt(field.data, failing);
      const first = await codeOf(order(field, 'withdraw', { device: bad }, { idempotencyKey: 'same', store }));
      if (first === 'done') break;
      failures++;
      await order(field, 'withdraw', { device: bad }, { idempotencyKey: 'same' });
      expect([failing, await countingState(field, targetId)]).toEqual([failing, end]);
      const orders = [...field.data.objects.keys()].filter((key) => key.startsWith('withdrawals/'));
      expect([failing, orders.length]).toEqual([failing, 1]);
    }
    expect(failures).toBeGreaterThan(8);
  });

  it('goes on where its time ran out, with the order that it was', async () => {
    const field = await service();
    const bad = await field.enrol('bad');
    const ids: string[] = [];
    for (const model of ['A', 'B', 'C'])
      ids.push(acceptedIn(await field.send(bad, profileOf(wrong, { model }))).targetId);
    const first = await order(field, 'withdraw', { device: bad }, { hasTime: () => false });
    expect(first.targets).toHaveLength(1);
    const second = await order(field, 'withdraw', { device: bad }, { cursor: first.nextCursor! });
    expect([second.at, second.nextCursor]).toEqual([first.at, null]);
    expect([...first.targets, ...second.targets].map(({ targetId }) => targetId)).toEqual(ids.toSorted());
    const foreign = order(field, 'restore', { device: bad }, { cursor: first.nextCursor! });
    expect(await codeOf(foreign)).toEqual(['invalid-request', expect.stringContaining('cursor')]);
  });

  it('sent twice is one order of the time when it first came: what came since is not touched', async () => {
    const field = await service();
    const device = await field.enrol('a');
    const { targetId } = acceptedIn(await field.send(device, profileOf(wrong)));
    await order(field, 'withdraw', { target: targetId }, { idempotencyKey: 'same' });
    await field.send(device, profileOf(right));
    await order(field, 'withdraw', { target: targetId }, { idempotencyKey: 'same' });
    expect((await stateOf(field, targetId)).record).toMatchObject({ measurements: 20, withdrawn: { orders: 1 } });
    await order(field, 'withdraw', { target: targetId });
    expect((await stateOf(field, targetId)).record).toMatchObject({ measurements: 0, withdrawn: { orders: 2 } });
  });

  it('leaves the descriptor of the profile in use that was started last', async () => {
    const field = await service();
    const device = await field.enrol('a');
    /** With so many operators measured. */
    const started = (startedAt: string, count: number): Profile => {
      const { context, descriptor } = exampleProfile;
      const operators = Object.entries(descriptor!.operators).map(([name, operator], at) => {
        const latency = at < count ? { medianMs: 1, trimmedMeanMs: null, spreadMs: null } : ('not-counted' as const);
        return [name, { ...operator, latency, runs: at < count ? 10 : null }];
      });
      return {
        ...exampleProfile,
        context: { ...context, deviceId: null, clock: { ...context.clock, startedAt } },
        descriptor: { ...descriptor!, operators: Object.fromEntries(operators) },
      } as Profile;
    };
    acceptedIn(await field.send(device, started('2026-01-01T00:00:00.000Z', 1)));
    acceptedIn(await field.send(device, started('2026-01-02T00:00:00.000Z', 2)));
    const last = acceptedIn(await field.send(device, started('2026-01-03T00:00:00.000Z', 3)));
    const measuredOperators = async () => (await stateOf(field, last.targetId)).record!.descriptor?.operatorsMeasured;
    expect(await measuredOperators()).toBe(3);
    await order(field, 'withdraw', { target: last.targetId, profile: last.sha256 });
    expect(await measuredOperators()).toBe(2);
    await order(field, 'withdraw', { target: last.targetId });
    expect(await measuredOperators()).toBeUndefined();
    await order(field, 'restore', { target: last.targetId });
    expect(await measuredOperators()).toBe(3);
  });

  it('holds under a version that is made champion later', async () => {
    const field = await service();
    const second = await trainTiny(2);
    const device = await field.enrol('a');
    const { targetId } = acceptedIn(await field.send(device, profileOf(right)));
    await deployTiny(field.data, second, []);
    await order(field, 'withdraw', { target: targetId });
    await setChampion({ store: field.data, now: Date.now }, trained.predictor.identity.version);
    expect((await stateOf(field, targetId)).kept).toEqual({ withdrawn: true, dataRevision: 2 });
    expect(await codeOf(asked(field, targetId))).toEqual(['unknown-target', expect.stringContaining('withdrew')]);
  });

  it('refuses what is not there by name', async () => {
    const field = await service();
    const device = await field.enrol('a');
    const { targetId } = acceptedIn(await field.send(device, profileOf(right)));
    const of = (selection: WithdrawalSelection) => codeOf(order(field, 'withdraw', selection));
    expect(await of({ target: 'raspberry' })).toEqual(['unknown-target', expect.stringContaining(targetId)]);
    expect(await of({ target: '../x' })).toEqual(['unknown-target', expect.stringContaining("'../x' not found")]);
    expect(await of({ target: targetId, profile: 'f'.repeat(64) })).toEqual(['not-found', expect.any(String)]);
    expect(await of({ device: 'nobody' })).toEqual(['not-found', "device 'nobody' not found"]);
    expect(await of({ device: '../x' })).toEqual(['not-found', "device '../x' not found"]);
    expect(await of({ upload: 'x' })).toEqual(['not-found', "upload 'x' not found"]);
    expect([...field.data.objects.keys()].filter((key) => key.startsWith('withdrawals/'))).toEqual([]);
  });
});

interface Uploads {
  readonly a: Awaited<ReturnType<FieldService['upload']>>;
  readonly b: Awaited<ReturnType<FieldService['upload']>>;
}

/** A target of two devices, one of which is wrong. */
async function made() {
  const field = await service();
  const [good, bad] = [await field.enrol('good'), await field.enrol('bad')];
  const { targetId } = acceptedIn(await field.send(good, profileOf(right)));
  await field.send(bad, profileOf(wrong));
  return { field, targetId, bad, reset: resetter(field) };
}

/** Puts back what the data bucket holds now. */
function resetter({ data }: FieldService): () => void {
  const before = [...data.objects];
  return () => {
    data.objects.clear();
    for (const [key, body] of before) data.objects.set(key, body);
  };
}

/** The store whose call number `failing` fails, once. */
function failingAt(store: Store, failing: number): Store {
  let calls = 0;
  const check = (): void => {
    if (calls++ === failing) throw new Error('the store fails');
  };
  return {
    ...store,
    get: (async (...args: Parameters<Store['get']>) => {
      check();
      return store.get(...args);
    }) as Store['get'],
    async put(...args) {
      check();
      return store.put(...args);
    },
    async *list(...args) {
      check();
      yield* store.list(...args);
    },
  };
}
