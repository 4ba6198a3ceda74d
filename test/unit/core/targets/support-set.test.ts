import { beforeAll, describe, expect, it } from 'vitest';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import { showTarget } from '#core/targets/show-target.ts';
import { type SupportSetRequest, supportSet } from '#core/targets/support-set.ts';
import { fieldService, profileOf } from '../field-service.ts';
import { deployTiny, measured, space, type Trained, trainTiny } from '../tiny-service.ts';

let trained: Trained;
beforeAll(async () => {
  trained = await trainTiny(1);
});

async function setUp({ deployed = true } = {}) {
  const service = fieldService();
  if (deployed) await deployTiny(service.data, trained, []);
  const predictors = predictorCache({ store: service.data, now: Date.now, loadPredictor });
  const ask = (count: number, target?: string, more: Partial<SupportSetRequest> = {}) =>
    supportSet({ store: service.data, predictors }, { searchSpace: 'nasbench201', count, target, ...more });
  return { service, ask };
}

const latencies = measured('server', 80).map(({ latencyMs }) => latencyMs);

describe('support set', () => {
  it('says what a new target should start with, the same to everybody', async () => {
    const { ask } = await setUp();
    const reply = await ask(10);
    expect(reply).toMatchObject({
      target: null,
      measured: 0,
      predictorVersion: trained.predictor.identity.version,
    });
    expect(new Set(reply.architectures).size).toBe(10);
    for (const text of reply.architectures) expect(space.isConnected(space.parse(text))).toBe(true);
    expect(reply.expectedErrors).toHaveLength(11);
    for (let i = 0; i < 10; i++) expect(reply.expectedErrors![i + 1]).toBeLessThan(reply.expectedErrors![i]!);
    expect(await ask(10)).toEqual(reply);
    expect((await ask(3)).architectures).toEqual(reply.architectures.slice(0, 3));
  });

  it('says what to measure next on a target, never what was measured', async () => {
    const { service, ask } = await setUp();
    const start = await ask(10);
    const profile = profileOf((i) => latencies[i]!, { to: 10 });
    const measurements = profile.measurements.map((m, i) => ({ ...m, architecture: start.architectures[i]! }));
    const result = await service.send(await service.enrol('a'), { ...profile, measurements });
    if (result.outcome !== 'accepted') throw new Error('not accepted');
    const next = await ask(10, result.upload.accepted!.targetId);
    expect(next.measured).toBe(10);
    expect(next.architectures.filter((text) => start.architectures.includes(text))).toEqual([]);
    expect(next.expectedErrors![10]).toBeLessThan(next.expectedErrors![0]!);
    // The error of now is the one that the target itself shows: its posterior's, or that of leaving measurements out.
    const { adaptation } = await showTarget(service.data, result.upload.accepted!.targetId);
    const shown = Math.max(adaptation!.expectedError!, adaptation!.leftOut!.medianError);
    expect(next.expectedErrors![0]! / shown).toBeCloseTo(1, 2);
  });

  it('offers something to start with before the first training', async () => {
    const { ask } = await setUp({ deployed: false });
    const reply = await ask(10);
    expect(reply).toMatchObject({ predictorVersion: null, expectedErrors: null });
    expect(new Set(reply.architectures).size).toBe(10);
  });

  it('counts what is measured in the workload that is asked about, and offers in another what was measured here', async () => {
    const { service, ask } = await setUp({ deployed: false });
    const start = await ask(10);
    expect(start).toMatchObject({ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 });
    const profile = profileOf((i) => latencies[i]!, { to: 10 });
    const measurements = profile.measurements.map((m, i) => ({ ...m, architecture: start.architectures[i]! }));
    const result = await service.send(await service.enrol('a'), { ...profile, measurements });
    if (result.outcome !== 'accepted') throw new Error('not accepted');
    const { targetId } = result.upload.accepted!;
    const here = await ask(10, targetId);
    expect(here.measured).toBe(10);
    expect(here.architectures.filter((text) => start.architectures.includes(text))).toEqual([]);
    const batched = await ask(10, targetId, { batchSize: 8 });
    expect(batched).toMatchObject({ inputSize: 32, batchSize: 8, measured: 0, architectures: start.architectures });
    const other = await ask(3, targetId, { searchSpace: 'fbnet', inputSize: 160 });
    expect(other).toMatchObject({ searchSpace: 'fbnet', inputSize: 160, batchSize: 1, measured: 0 });
  });

  it.each([
    [{ inputSize: 30 }, /inputSize: .*in steps of 4/],
    [{ searchSpace: 'ofa', inputSize: 224 }, /inputSize: .*states its own/],
    [{ batchSize: 0 }, /batchSize: /],
  ])('refuses %j', async (more, message) => {
    const { ask } = await setUp({ deployed: false });
    await expect(ask(10, undefined, more)).rejects.toMatchObject({ code: 'invalid-request', message });
  });

  it('names the nearest targets for one that there is not', async () => {
    const { service, ask } = await setUp();
    await service.send(
      await service.enrol('a'),
      profileOf((i) => latencies[i]!),
    );
    await expect(ask(10, 'raspberry-pi-5')).rejects.toMatchObject({
      code: 'unknown-target',
      message: expect.stringMatching(/nearest: raspberry-pi-5-model-b-onnxruntime/),
    });
    await expect(ask(10, '../x')).rejects.toMatchObject({ code: 'unknown-target' });
  });
});
