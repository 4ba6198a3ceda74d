// State as a released version stored it, opened by the code of today: every use case that reads it, and the beginning
// of a training run over it. A file in test/fixtures/state is a whole data bucket and what waits in the uploads bucket.
// Before a release:
//
//   SUGARBUSH_RECORD_STATE=0.2.0 npx vitest run test/unit/core/stored-state.test.ts
//
// makes one of the code of that moment (Node 24, a minute), to be committed with the release and never changed.
import { randomBytes } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { issueToken } from '#core/access/issue-token.ts';
import { listDevices } from '#core/access/list-devices.ts';
import { listTokens } from '#core/access/list-tokens.ts';
import { tokenUseMarker } from '#core/access/token-use.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { showUpload } from '#core/intake/show-upload.ts';
import { sweepUploads } from '#core/intake/sweep-uploads.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { activePredictors } from '#core/predictors/active-predictors.ts';
import { listPredictors, readReport, showPredictor } from '#core/predictors/show-predictor.ts';
import { predict } from '#core/serve/predict-latencies.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import { listTargets } from '#core/targets/list-targets.ts';
import { showTarget } from '#core/targets/show-target.ts';
import { targetNames } from '#core/targets/target-names.ts';
import { adaptBatch, planAdaptation } from '#core/training/phases/adapt-targets.ts';
import { freezePhase, planPhase } from '#core/training/phases/run-phases.ts';
import { readDecision } from '#core/training/runs/run-decision.ts';
import { listRuns, showRun } from '#core/training/runs/show-run.ts';
import { beginRun } from '#core/training/runs/start-run.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { fieldService, profileOf, startMs } from './field-service.ts';
import { type MapStore, mapStore } from './map-store.ts';
import { contextOf, drive, storeDataset, targets, texts } from './training/tiny-training.ts';

vi.setConfig({ testTimeout: 300_000 });

const folder = new URL('../../fixtures/state', import.meta.url).pathname;

/** What the file holds beside the objects: what a test asks for. */
interface StoredState {
  readonly nowMs: number;
  readonly operatorToken: string;
  readonly deviceId: string;
  readonly champion: string;
  readonly uploads: Readonly<Record<'accepted' | 'quarantined' | 'waiting', string>>;
  /** A prediction of then: target, architectures and latencies in ms. */
  readonly predicted: {
    readonly target: string;
    readonly texts: readonly string[];
    readonly latencyMs: readonly number[];
  };
  /** By key, base64. */
  readonly data: Readonly<Record<string, string>>;
  readonly incoming: Readonly<Record<string, string>>;
}

const predictAgain = async (store: MapStore, target: string, architectures: readonly string[]) => {
  const predictors = predictorCache({ store, now: () => 0, loadPredictor });
  const names = targetNames({ store, now: () => 0 });
  const request = { searchSpace: 'nasbench201', batchSize: 32, target, architectures };
  return (await predict({ predictors, targetNames: names }, request)).results[0]!;
};

const encoded = (store: MapStore) =>
  Object.fromEntries([...store.objects].sort().map(([key, body]) => [key, Buffer.from(body).toString('base64')]));
const storeOf = (objects: Readonly<Record<string, string>>): MapStore => {
  const store = mapStore();
  for (const [key, body] of Object.entries(objects)) store.objects.set(key, Buffer.from(body, 'base64'));
  return store;
};

async function record(version: string): Promise<void> {
  const service = fieldService();
  const { data, uploads } = service;
  await storeDataset(data);
  const run = await drive(contextOf(data, startMs));
  const { token, record: issued } = await issueToken(data, {
    role: 'operator',
    validForS: 3600,
    now: startMs,
    randomBytes,
  });
  await tokenUseMarker(data, () => startMs)(issued.tokenId);
  const deviceId = await service.enrol('Lab board');
  const finishedBy = async (content: Parameters<typeof service.send>[1]) => {
    const upload = await service.upload(deviceId, content);
    await service.event(upload);
    return upload.uploadId;
  };
  const accepted = await finishedBy(profileOf((i) => 5 + i));
  const quarantined = await finishedBy(new TextEncoder().encode('no profile'));
  const { uploadId: waiting } = await service.upload(
    deviceId,
    profileOf((i) => 7 + i, { model: 'Another board' }),
  );
  const asked = texts.slice(0, 3);
  const { latencyMs } = await predictAgain(data, targets[0], asked);
  // Fits of held-out devices are as large as the published one, and of the same form.
  const { fitId } = await readDecision(data, run.runId);
  for (const key of data.objects.keys()) {
    if (key.startsWith('fits/') && !key.startsWith(`fits/${fitId}/`)) data.objects.delete(key);
  }
  const state: StoredState = {
    nowMs: startMs,
    operatorToken: token,
    deviceId,
    champion: run.version!,
    uploads: { accepted, quarantined, waiting },
    predicted: { target: targets[0], texts: asked, latencyMs },
    data: encoded(data),
    incoming: encoded(uploads),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${version}.json.gz`), gzipSync(JSON.stringify(state), { level: 9 }));
}

const recorded = process.env['SUGARBUSH_RECORD_STATE'];
if (recorded !== undefined) test(`records ${recorded}`, () => record(recorded));

const files = recorded === undefined ? globSync(`${folder}/*.json.gz`) : [];
test.runIf(recorded === undefined)('there is the state of the version in package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(files.map((file) => basename(file))).toContain(`${version}.json.gz`);
});

describe.each(files.map((file) => [basename(file, '.json.gz'), file]))('the state of %s', (_, file) => {
  const state = JSON.parse(gunzipSync(readFileSync(file)).toString()) as StoredState;
  const opened = () => ({ data: storeOf(state.data), uploads: storeOf(state.incoming) });
  const page = { limit: 200 };

  test('lets in who had a token, and lists devices and tokens', async () => {
    const { data } = opened();
    const verify = tokenVerifier({
      store: data,
      now: () => state.nowMs,
      elapsedMs: () => 0,
      cacheS: 0,
      onUse: () => undefined,
    });
    expect(await verify(state.operatorToken)).toMatchObject({ role: 'operator' });
    expect((await listDevices(data, page)).devices.map(({ deviceId }) => deviceId)).toEqual([state.deviceId]);
    expect((await listTokens(data, page)).tokens.length).toBeGreaterThanOrEqual(2);
  });

  test('predicts as it did then', async () => {
    const { target, texts: asked, latencyMs } = state.predicted;
    const { latencyMs: now, predictor } = await predictAgain(opened().data, target, asked);
    expect(predictor.version).toBe(state.champion);
    for (const [i, ms] of latencyMs.entries()) expect(now[i]).toBeCloseTo(ms, 3);
  });

  test('shows every target, predictor, run and upload', async () => {
    const { data } = opened();
    const listed = await listTargets(data, page);
    expect(listed.targets.length).toBeGreaterThan(targets.length);
    for (const { targetId } of listed.targets)
      expect((await showTarget(data, targetId)).target.targetId).toBe(targetId);
    const { predictors } = await listPredictors(data);
    expect(predictors.map(({ version }) => version)).toContain(state.champion);
    expect((await showPredictor(data, state.champion)).hasReport).toBe(true);
    expect(await readReport(data, state.champion)).toContain('<!doctype html>');
    const { runs } = await listRuns(data, page);
    expect(runs.map(({ status }) => status)).toContain('promoted');
    for (const { runId } of runs) expect((await showRun(data, runId, state.nowMs)).run.runId).toBe(runId);
    for (const [status, id] of Object.entries(state.uploads)) {
      expect((await showUpload(data, { tokenId: 'o', role: 'operator' }, id)).status).toBe(status);
    }
  });

  test('takes in what was put and waits', async () => {
    const { data, uploads } = opened();
    const placed = async function* () {
      for (const [key, body] of uploads.objects) yield { key, sizeBytes: body.length, placedAtMs: state.nowMs };
    };
    const predictors = activePredictors({ store: data, loadPredictor });
    const dependencies = { data, uploads, predictors, now: () => state.nowMs, placed, hasTime: () => true };
    expect(await sweepUploads(dependencies, { settledS: 0 })).toEqual({
      looked: 3,
      found: 1,
      failed: 0,
      complete: true,
    });
    expect(await showUpload(data, { tokenId: 'o', role: 'operator' }, state.uploads.waiting)).toMatchObject({
      status: 'accepted',
    });
  });

  test('a target of then takes a descriptor beside what it has', async () => {
    const { data, uploads } = opened();
    const { targetId } = (await showUpload(data, { tokenId: 'o', role: 'operator' }, state.uploads.accepted)).accepted!;
    const { measurements } = (await showTarget(data, targetId)).target;
    const service = fieldService((store) => store, { data, uploads });
    await service.send(state.deviceId, {
      ...profileOf((i) => 5 + i),
      workloads: [],
      measurements: [],
      descriptor: exampleProfile.descriptor,
    });
    const { target, adaptation } = await showTarget(data, targetId);
    expect(target).toMatchObject({ measurements, profiles: 2 });
    expect(adaptation).toMatchObject({ measurements, operators: target.descriptor!.operatorsMeasured });
  });

  test('is learned from: a run freezes it and plans its fits, and goes on where the fits end', async () => {
    const { data } = opened();
    const context = contextOf(data, state.nowMs + 86_400_000);
    const begun = { runId: 'after-the-upgrade', requestedBy: 'schedule', now: context.now() } as const;
    const { runId } = await beginRun(data, begun);
    // The profile that was accepted after the last run.
    expect((await freezePhase(context, runId)).isNew).toBe(true);
    const { fits, folds } = await planPhase({ ...context, processor: 'x64' }, runId);
    expect([fits.length > folds.length, folds.length > 1]).toEqual([true, true]);
    for (const batch of await planAdaptation(data)) await adaptBatch(data, state.champion, batch);
  });
});
