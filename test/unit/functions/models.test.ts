// The handlers of /v1/models, and of /v1/predictions where it is asked about models, over one store.
import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelPredictionReplySchema } from '#contract/model-predictions.ts';
import { modelSchema } from '#contract/models.ts';
import { problemSchema } from '#contract/problem.ts';
import type { HttpHandler } from '#functions/shared/http-handler.ts';
import { captured, context, type ServiceUnderTest, startService } from './service-under-test.ts';

let service: ServiceUnderTest;
let models: HttpHandler;
let predict: HttpHandler;
let id: string;
beforeAll(async () => {
  service = await startService();
  ({ handler: models } = await import('#functions/models.ts'));
  ({ handler: predict } = await import('#functions/predict.ts'));
  id = modelSchema.parse(JSON.parse((await post(graph())).body!)).model;
});
afterAll(() => service.close());

/** A convolution of four 8 x 8 images, and an operator of nobody's. */
const graph = (operator = 'Conv', batch: number | string = 4) => ({
  opset: 17,
  inputs: [{ name: 'image', type: 'float32', shape: [batch, 3, 8, 8] }],
  outputs: ['out'],
  constants: [{ name: 'weight', type: 'float32', shape: [4, 3, 1, 1] }],
  nodes: [
    { operator, inputs: ['image', 'weight'], outputs: ['map'], attributes: {} },
    { operator: 'Warp', domain: 'own', inputs: ['map'], outputs: ['out'], attributes: {} },
  ],
  tensors: [{ name: 'out', type: 'float32', shape: [4, 4, 8, 8] }],
});

async function post(own: object, change: (event: APIGatewayProxyEventV2) => void = () => {}) {
  const event = await captured('predictions', (each) => {
    each.routeKey = 'POST /v1/models';
    each.body = JSON.stringify({ graph: own });
    change(each);
  });
  return models(event, context);
}
const show = async (modelId: string) =>
  models(
    await captured('show-target', (event) => {
      event.routeKey = 'GET /v1/models/{id}';
      event.pathParameters = { id: modelId };
    }),
    context,
  );
const ask = async (body: object) =>
  predict(await captured('predictions', (event) => (event.body = JSON.stringify(body))), context);
const problem = ({ statusCode, body }: Awaited<ReturnType<HttpHandler>>) => {
  const { status, code, issues } = problemSchema.parse(JSON.parse(body!));
  expect(statusCode).toBe(status);
  return [status, code, issues?.[0]?.path];
};

describe('POST /v1/models', () => {
  test('answers what a model is; again, and compressed, the same', async () => {
    const reply = await post(graph(), (event) => {
      event.body = gzipSync(event.body!).toString('base64');
      event.isBase64Encoded = true;
      event.headers = { ...event.headers, 'content-encoding': 'gzip' };
    });
    const view = modelSchema.parse(JSON.parse(reply.body!));
    expect(view).toMatchObject({ model: id, batchSize: 4, unknown: [{ operator: 'Warp', domain: 'own', count: 1 }] });
    expect(modelSchema.parse(JSON.parse((await show(id)).body!))).toEqual(view);
  });

  test.each<[string, object, [number, string, string]]>([
    ['control flow', graph('Loop'), [422, 'unsupported-model', 'graph/nodes/0']],
    ['an open dimension', graph('Conv', 'n'), [422, 'unbound-dimension', 'graph/inputs/0/shape/0']],
    ['a graph that contradicts itself', { ...graph(), outputs: ['none'] }, [400, 'invalid-model', '']],
    ['an unknown key', { ...graph(), weights: 'AAAA' }, [400, 'invalid-request', 'graph']],
    ['what is too deep', { ...graph(), constants: [[[[[[[]]]]]]] }, [400, 'invalid-request', '']],
  ])('refuses %s', async (_, own, [status, code, path]) => {
    expect(problem(await post(own))).toEqual([status, code, path === '' ? expect.toSatisfy((p) => !p) : path]);
  });

  test('and GET of one that is not there is refused', async () => {
    expect(problem(await show('f'.repeat(64))).slice(0, 2)).toEqual([404, 'not-found']);
  });
});

describe('POST /v1/predictions for models', () => {
  test('answers of each on each target, and where the time goes', async () => {
    const reply = await ask({
      models: [id, id],
      targets: ['server', 'phone_1'],
      budgetMs: 1,
      batchSize: 8,
      explain: true,
    });
    const { models: asked, batchSizes, results } = modelPredictionReplySchema.parse(JSON.parse(reply.body!));
    expect([asked, batchSizes]).toEqual([
      [id, id],
      [8, 8],
    ]);
    expect(results.map(({ target }) => target)).toEqual(['server', 'phone_1']);
    for (const { latencyMs, lowMs, highMs, withinBudgetProbability, details, trust } of results) {
      expect([latencyMs[1], trust.length, withinBudgetProbability!.length]).toEqual([latencyMs[0], 2, 2]);
      expect(lowMs[0]! < latencyMs[0]! && latencyMs[0]! < highMs[0]!).toBe(true);
      const { kinds, places, unknownOperators } = details[0]!;
      for (const parts of [kinds, places!]) {
        expect(parts.reduce((sum, { ms }) => sum + ms, 0) / latencyMs[0]!).toBeCloseTo(1, 4);
      }
      // The run, the convolution and the operator that nobody knows, by their places in the graph.
      expect(places!.map(({ nodes }) => nodes)).toEqual([[], [0], [1]]);
      expect(unknownOperators).toContain('Warp');
    }
  });

  test.each<[string, object, [number, string, string]]>([
    ['architectures too', { architectures: ['a'], searchSpace: 'ofa' }, [400, 'invalid-request', 'architectures']],
    ['a search space', { searchSpace: 'ofa' }, [400, 'invalid-request', 'searchSpace']],
    ['an input size', { inputSize: 32 }, [400, 'invalid-request', 'inputSize']],
    ['a batch that the model cannot have', { batchSize: 6 }, [400, 'invalid-request', 'batchSize']],
    ['a model that was not taken in', { models: [() => id, 'nothing'] }, [404, 'not-found', 'models/1']],
    ['a target that is not there', { target: 'abacus' }, [404, 'unknown-target', 'target']],
  ])('refuses %s', async (_, change, wanted) => {
    const body: { models: unknown[] } = { models: [id], ...{ target: 'server' }, ...change };
    body.models = body.models.map((each) => (typeof each === 'function' ? each() : each));
    expect(problem(await ask(body))).toEqual(wanted);
  });

  test('asks the store for a model once', async () => {
    await ask({ models: [id], target: 'server' });
    const before = { ...service.s3.counts() };
    for (let i = 0; i < 3; i++) await ask({ models: [id], target: 'server' });
    expect(service.s3.counts()).toEqual(before);
  });
});
