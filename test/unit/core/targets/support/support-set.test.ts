import { beforeAll, describe, expect, it } from 'vitest';
import { registerModel } from '#core/models/register-model.ts';
import type { SubmittedGraph } from '#core/models/submitted-graph.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { modelShelf } from '#core/serve/graph-shelf.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import { showTarget } from '#core/targets/show-target.ts';
import type { SelectSupportSet } from '#core/targets/support/selection-cache.ts';
import { type SupportSetRequest, supportSet } from '#core/targets/support/support-set.ts';
import { fieldService, profileOf } from '../../field-service.ts';
import { deployTiny, measured, space, type Trained, trainTiny } from '../../tiny-service.ts';

let trained: Trained;
beforeAll(async () => {
  trained = await trainTiny(1);
});

async function setUp({ deployed = true } = {}) {
  const service = fieldService();
  if (deployed) await deployTiny(service.data, trained, []);
  const predictors = predictorCache({ store: service.data, now: Date.now, loadPredictor });
  const ask = (count: number, target?: string, more: Partial<SupportSetRequest> = {}) =>
    supportSet(
      { store: service.data, predictors, models: modelShelf(service.data) },
      { searchSpace: 'nasbench201', count, target, ...more },
    );
  return { service, predictors, ask };
}

const submitted: SubmittedGraph = {
  opset: 17,
  inputs: [{ name: 'image', type: 'float32', shape: [1, 3, 32, 32] }],
  outputs: ['scores'],
  constants: [{ name: 'kernel', type: 'float32', shape: [16, 3, 3, 3] }],
  nodes: [
    { operator: 'Conv', inputs: ['image', 'kernel'], outputs: ['map'], attributes: { pads: [1, 1, 1, 1] } },
    { operator: 'GlobalAveragePool', inputs: ['map'], outputs: ['scores'], attributes: {} },
  ],
};

const latencies = measured('server', 80).map(({ latencyMs }) => latencyMs);

/** What a cell takes where its edges alone cost, in ms. */
const ofEdges = (text: string): number => {
  const count = (operator: string): number => text.split(operator).length - 1;
  return 2 + 3 * count('nor_conv_3x3') + count('nor_conv_1x1') + 0.5 * count('avg_pool');
};

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
    const profile = profileOf((i) => ofEdges(start.architectures[i]!), { to: 10 });
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

  it('draws from standard networks and models too where that is asked for, and says which is which', async () => {
    const { service, ask } = await setUp();
    const plain = await ask(12);
    expect(plain).not.toHaveProperty('networks');
    const { model } = await registerModel(service.data, submitted);
    const reply = await ask(12, undefined, { standard: true, models: [model] });
    expect(reply.networks).toHaveLength(12);
    expect(reply.expectedErrors).toHaveLength(13);
    const kinds = Map.groupBy(reply.networks!, ({ kind }) => kind);
    expect(kinds.get('architecture')).toEqual(
      reply.architectures.map((text) => ({ kind: 'architecture', architecture: text })),
    );
    expect(reply.architectures.length).toBeGreaterThan(0);
    const nameOf = new Map(standardGraphs().map(({ id, name }) => [id, name]));
    const standard = kinds.get('standard')!.map((each) => (each.kind === 'standard' ? each : undefined)!);
    for (const each of standard) expect(each.name).toBe(nameOf.get(each.model));
    const unknown = ask(3, undefined, { models: ['0'.repeat(64)] });
    await expect(unknown).rejects.toMatchObject({ code: 'not-found', issues: [{ path: 'models/0' }] });
  });

  it('offers each graph once, behind the architectures', async () => {
    const { service, predictors } = await setUp();
    const { model } = await registerModel(service.data, submitted);
    // Whoever chooses is offered 900 architectures and then the graphs: the last 18 are the graphs.
    const select: SelectSupportSet = async (_, offered, count) => {
      const all = offered.reduce((sum, set) => sum + ('graphs' in set ? set.graphs : set.architectures).length, 0);
      const indices = Array.from({ length: count }, (_, i) => all - count + i);
      return { indices, expectedErrors: [], variances: new Array(count + 1).fill(0) };
    };
    const request = { searchSpace: 'nasbench201', count: 19, standard: true, models: [model, model] };
    const given = { store: service.data, predictors, models: modelShelf(service.data), select };
    const { networks } = await supportSet(given, request);
    expect(networks!.map(({ kind }) => kind)).toEqual(['architecture', 'model', ...new Array(17).fill('standard')]);
    expect(networks![1]).toEqual({ kind: 'model', model });
    const standard = standardGraphs().map(({ name, id }) => ({ kind: 'standard', name, model: id }));
    expect(networks!.slice(2)).toEqual(standard);
  });

  it('offers no graph that the target has measured', async () => {
    const { service, ask } = await setUp();
    const models = standardGraphs().map(({ graph }) => ({
      graph,
      latency: { medianMs: 3 + graph.nodes.length, trimmedMeanMs: null, spreadMs: null },
      ...{ runs: 50, stable: true },
    }));
    const board = profileOf(() => 1, { to: 0, model: 'Standard board' });
    const result = await service.send(await service.enrol('b'), {
      ...board,
      workloads: [],
      measurements: [],
      models: models.slice(2),
    });
    if (result.outcome !== 'accepted') throw new Error('not accepted');
    const next = await ask(100, result.upload.accepted!.targetId, { standard: true });
    expect(
      next
        .networks!.filter(({ kind }) => kind === 'standard')
        .map((each) => 'name' in each && each.name)
        .sort(),
    ).toEqual(['depthwise', 'residual']);
  });

  it('takes both kinds by turns before the first training', async () => {
    const { ask } = await setUp({ deployed: false });
    const { networks, architectures, expectedErrors } = await ask(4, undefined, { standard: true });
    expect(networks!.map(({ kind }) => kind)).toEqual(['architecture', 'standard', 'architecture', 'standard']);
    expect(networks![1]).toMatchObject({ name: 'depthwise' });
    expect(architectures).toEqual((await ask(2)).architectures);
    expect(expectedErrors).toBeNull();
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
    const profile = profileOf((i) => ofEdges(start.architectures[i]!), { to: 10 });
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
