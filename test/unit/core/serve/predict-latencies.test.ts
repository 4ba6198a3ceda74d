import { beforeAll, describe, expect, test } from 'vitest';
import { adaptChecked } from '#core/predictor/adaptation/checked-adaptation.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { type PredictRequest, predict } from '#core/serve/predict-latencies.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import { targetNames } from '#core/targets/target-names.ts';
import { mapStore } from '../map-store.ts';
import {
  architectures,
  deployTiny,
  measured,
  registerTiny,
  type Trained,
  texts,
  trainTiny,
  workload,
} from '../tiny-service.ts';

let trained: Trained;
const store = mapStore();
beforeAll(async () => {
  trained = await trainTiny(1);
  await registerTiny(store);
  await deployTiny(store, trained, ['phone_1', 'server']);
});

const dependencies = {
  predictors: predictorCache({ store, now: () => 0, loadPredictor }),
  targetNames: targetNames({ store, now: () => 0 }),
};
const ask = (request: Partial<PredictRequest>) =>
  predict(dependencies, { searchSpace: 'nasbench201', architectures: texts.slice(0, 3), ...request });

describe('reply', () => {
  test("is the predictor's own answer to six digits, for each target in the order asked", async () => {
    const reply = await ask({ targets: ['server', 'phone_1'], architectures: texts, budgetMs: 10, confidence: 0.8 });
    const forward = await trained.predictor.forward([{ workload, architectures }]);
    expect(reply).toMatchObject({ ...workload, architectures: 80, confidence: 0.8, budgetMs: 10 });
    for (const [i, target] of (['server', 'phone_1'] as const).entries()) {
      const adaptation = await adaptChecked(trained.predictor, measured(target));
      const direct = predictLatencies(adaptation, trained.predictor.parameters.lowerings, forward, {
        budgetMs: 10,
        confidence: 0.8,
      });
      const result = reply.results[i]!;
      const { version, hash } = trained.predictor.identity;
      expect(result).toMatchObject({ target, predictor: { version, hash }, measurements: 20 });
      for (const name of ['latencyMs', 'lowMs', 'highMs'] as const) {
        expect(result[name]).toHaveLength(80);
        for (const [j, value] of result[name].entries()) {
          expect(value / direct[name][j]!).toBeCloseTo(1, 5);
          expect(String(value).replace(/^0\.0*|\./g, '').length).toBeLessThanOrEqual(6);
        }
      }
      for (const [j, value] of result.withinBudgetProbability!.entries()) {
        expect(value).toBeCloseTo(direct.withinBudgetProbability![j]!, 4);
      }
    }
  });

  test('has intervals at 90 % and no probability where neither was asked for', async () => {
    const reply = await ask({ target: 'server' });
    expect(reply.confidence).toBe(0.9);
    expect(Object.keys(reply)).not.toContain('budgetMs');
    expect(Object.keys(reply.results[0]!)).not.toContain('withinBudgetProbability');
    const { lowMs, latencyMs, highMs } = reply.results[0]!;
    for (const [i, value] of latencyMs.entries()) {
      expect(lowMs[i]).toBeLessThan(value);
      expect(highMs[i]).toBeGreaterThan(value);
    }
  });

  test('at the limit of predictions fits what Lambda lets through', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => texts[i % texts.length]!);
    const targets = ['server', 'phone_1', 'server', 'phone_1', 'server'];
    const reply = await ask({ targets, architectures: many, budgetMs: 10 });
    expect(Buffer.byteLength(JSON.stringify(reply))).toBeLessThan(6 * 1000 * 1000);
  });
});

describe('refusals', () => {
  test('an unknown search space is named with those there are', async () => {
    await expect(ask({ searchSpace: 'nasbench', target: 'server' })).rejects.toMatchObject({
      code: 'unknown-search-space',
      message: /^search space .nasbench. not found; there are: nasbench201, fbnet, ofa$/,
    });
  });

  test('unknown targets, each with the nearest names', async () => {
    await expect(ask({ targets: ['server', 'phone-32x', 'sever'] })).rejects.toMatchObject({
      code: 'unknown-target',
      issues: [
        { path: 'targets/1', message: "target 'phone-32x' not found; nearest: phone_32, phone_1, server" },
        { path: 'targets/2', message: "target 'sever' not found; nearest: server, phone_1, phone_32" },
      ],
    });
  });

  test('a name that cannot be a target never reaches the store as a key', async () => {
    store.calls.length = 0;
    await expect(ask({ target: '../../tokens/x' })).rejects.toMatchObject({ code: 'unknown-target' });
    expect(store.calls.join()).not.toContain('tokens');
  });

  test('a target that is registered and not adapted is not ready', async () => {
    await expect(ask({ target: 'phone_32' })).rejects.toMatchObject({ code: 'not-ready', message: /phone_32/ });
  });

  test('malformed architectures among good ones, by index and reason', async () => {
    const architectures = [texts[0]!, '|nor_conv_9x9~0|', texts[1]!, ''];
    await expect(ask({ target: 'server', architectures })).rejects.toMatchObject({
      code: 'invalid-architecture',
      message: /^2 of 4 architectures are not of search space 'nasbench201'; architectures\/1: /,
      issues: [
        { path: 'architectures/1', message: /./ },
        { path: 'architectures/3', message: /./ },
      ],
    });
  });

  test('of many malformed architectures the first twenty', async () => {
    const refused = ask({ target: 'server', architectures: Array.from({ length: 300 }, () => 'x') });
    await expect(refused).rejects.toMatchObject({ message: /^300 of 300 .*; the first 20 are named/ });
    await expect(refused.catch((error) => error.issues.length)).resolves.toBe(20);
  });

  test.each([
    [20_001, 1, /^20001 architectures in one request; at most 20000/],
    [20_000, 6, /^20000 architectures × 6 targets are 120000 predictions in one request; at most 100000/],
  ])('%i architectures for %i targets are too many', async (count, targets, message) => {
    const request = {
      targets: Array.from({ length: targets }, () => 'server'),
      architectures: Array.from({ length: count }, () => texts[0]!),
    };
    await expect(ask(request)).rejects.toMatchObject({
      code: 'too-many-architectures',
      message,
      issues: [{ path: 'architectures' }],
    });
  });
});
