// What one token may have of a day: the function of /v1/models counts the work of both of its routes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemSchema } from '#contract/problem.ts';
import type { HttpHandler } from '#functions/shared/http-handler.ts';
import { captured, context, type ServiceUnderTest, startService } from './service-under-test.ts';

let service: ServiceUnderTest;
let models: HttpHandler;
beforeAll(async () => {
  service = await startService();
  // A microsecond: any first request uses it up.
  process.env['TOKEN_WORK_S_PER_DAY'] = '0.000001';
  ({ handler: models } = await import('#functions/models.ts'));
});
afterAll(async () => {
  delete process.env['TOKEN_WORK_S_PER_DAY'];
  await service.close();
});

const graph = {
  opset: 17,
  inputs: [{ name: 'x', type: 'float32', shape: [1, 8] }],
  outputs: ['y'],
  constants: [],
  nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'], attributes: {} }],
};

async function ask(route: 'POST /v1/models' | 'GET /v1/models/{id}', tokenId: string) {
  const event = await captured('predictions', (each) => {
    each.routeKey = route;
    if (route === 'POST /v1/models') each.body = JSON.stringify({ graph });
    else {
      delete each.body;
      each.pathParameters = { id: '0'.repeat(64) };
    }
    Object.assign(each.requestContext, { authorizer: { lambda: { tokenId, role: 'reader' } } });
  });
  const { statusCode, body } = await models(event, context);
  return statusCode === 200 ? [200] : [statusCode, problemSchema.parse(JSON.parse(body!)).code];
}

test('a token that has had its share is refused, another one is not', async () => {
  expect(await ask('POST /v1/models', 'a')).toEqual([200]);
  expect(await ask('POST /v1/models', 'a')).toEqual([429, 'quota-exceeded']);
  expect(await ask('GET /v1/models/{id}', 'a')).toEqual([429, 'quota-exceeded']);
  expect(await ask('GET /v1/models/{id}', 'b')).toEqual([404, 'not-found']);
  expect(await ask('POST /v1/models', 'b')).toEqual([429, 'quota-exceeded']);
});
