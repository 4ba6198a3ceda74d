import { describe, expect, test } from 'vitest';
import { Router } from '#stack/http/routes.ts';

const keys = [
  '$default',
  'ANY /v1/{proxy+}',
  'GET /v1/search-spaces',
  'GET /v1/search-spaces/{id}',
  'GET /v1/search-spaces/{id}/support-set',
  'GET /v1/search-spaces/special',
  'ANY /v1/search-spaces/special',
  'POST /v1/predictions',
  'GET /files/{path+}',
];
const router = new Router(keys.map((key) => ({ key })));
const find = (method: string, path: string, among = router) => {
  const match = among.match(method, path);
  return match && [match.route.key, match.pathParameters];
};

describe('a request goes to the most specific route', () => {
  test.each([
    ['GET', '/v1/search-spaces', 'GET /v1/search-spaces', {}],
    ['GET', '/v1/search-spaces/ofa', 'GET /v1/search-spaces/{id}', { id: 'ofa' }],
    ['GET', '/v1/search-spaces/ofa/support-set', 'GET /v1/search-spaces/{id}/support-set', { id: 'ofa' }],
    ['GET', '/v1/search-spaces/special', 'GET /v1/search-spaces/special', {}],
    ['PUT', '/v1/search-spaces/special', 'ANY /v1/search-spaces/special', {}],
    ['PUT', '/v1/search-spaces', 'ANY /v1/{proxy+}', { proxy: 'search-spaces' }],
    ['GET', '/v1/a/b/c', 'ANY /v1/{proxy+}', { proxy: 'a/b/c' }],
    ['GET', '/files/a/b', 'GET /files/{path+}', { path: 'a/b' }],
    ['POST', '/files/a', '$default', {}],
    ['GET', '/files', '$default', {}],
    ['GET', '/v1/search-spaces/', 'ANY /v1/{proxy+}', { proxy: 'search-spaces/' }],
  ])('%s %s → %s', (method, path, key, parameters) => {
    expect(find(method, path)).toEqual([key, parameters]);
  });

  test('the order in the template does not matter', () => {
    const reversed = new Router(keys.toReversed().map((key) => ({ key })));
    for (const path of ['/v1/search-spaces/special', '/v1/search-spaces/ofa', '/v1/x', '/files/a/b']) {
      expect(find('GET', path, reversed)).toEqual(find('GET', path));
    }
  });
});

describe('without a default route', () => {
  const strict = new Router([{ key: 'GET /v1/targets/{searchSpace}/{id}' }]);

  test.each([
    ['POST', '/v1/targets/ofa/pi5'],
    ['GET', '/v1/targets/ofa'],
    ['GET', '/v1/targets/ofa/pi5/more'],
    ['GET', '/v1/targets/ofa/'],
    ['GET', '/V1/targets/ofa/pi5'],
    ['GET', '/'],
  ])('%s %s meets nothing', (method, path) => {
    expect(find(method, path, strict)).toBeUndefined();
  });
});
