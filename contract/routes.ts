// The routes of the HTTP API, one line each, and the only place that spells them: method, path, who may call, and which
// function (the name of its entry file in functions/) answers. The handlers, the OpenAPI document, the CDK app and the
// client follow. Plain data, so that a synthesis loads no schemas; what a route takes and gives stands beside the
// schemas (devices.ts, uploads.ts, …), under the same ids.
import type { Role } from '#core/access/token.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As API Gateway and OpenAPI write it: parameters in braces. */
  readonly path: `/${string}`;
  /** `public`: anyone, without a token. */
  readonly access: 'public' | readonly [Role, ...Role[]];
  readonly function: string;
}

export const routes = {
  predict: { method: 'POST', path: '/v1/predictions', access: ['reader'], function: 'predict' },
  registerModel: { method: 'POST', path: '/v1/models', access: ['reader'], function: 'models' },
  showModel: { method: 'GET', path: '/v1/models/{id}', access: ['reader'], function: 'models' },
  listSearchSpaces: {
    method: 'GET',
    path: '/v1/search-spaces',
    access: ['reader', 'device'],
    function: 'search-spaces',
  },
  showSearchSpace: {
    method: 'GET',
    path: '/v1/search-spaces/{id}',
    access: ['reader', 'device'],
    function: 'search-spaces',
  },
  listTargets: { method: 'GET', path: '/v1/targets', access: ['reader', 'operator'], function: 'targets' },
  showTarget: { method: 'GET', path: '/v1/targets/{id}', access: ['reader', 'operator'], function: 'targets' },
  supportSet: {
    method: 'GET',
    path: '/v1/search-spaces/{id}/support-set',
    access: ['reader', 'device'],
    function: 'search-spaces',
  },
  enrolDevice: { method: 'POST', path: '/v1/devices', access: ['operator'], function: 'devices' },
  listDevices: { method: 'GET', path: '/v1/devices', access: ['operator'], function: 'devices' },
  revokeDevice: { method: 'DELETE', path: '/v1/devices/{id}', access: ['operator'], function: 'devices' },
  rotateDeviceToken: { method: 'POST', path: '/v1/devices/{id}/token', access: ['operator'], function: 'devices' },
  listTokens: { method: 'GET', path: '/v1/tokens', access: ['operator'], function: 'tokens' },
  revokeToken: { method: 'DELETE', path: '/v1/tokens/{id}', access: ['operator'], function: 'tokens' },
  listProfiles: { method: 'GET', path: '/v1/targets/{id}/profiles', access: ['operator'], function: 'withdrawals' },
  withdraw: { method: 'POST', path: '/v1/withdrawals', access: ['operator'], function: 'withdrawals' },
  restore: { method: 'POST', path: '/v1/restorations', access: ['operator'], function: 'withdrawals' },
  registerUpload: { method: 'POST', path: '/v1/uploads', access: ['device'], function: 'uploads' },
  showUpload: { method: 'GET', path: '/v1/uploads/{id}', access: ['device', 'operator'], function: 'uploads' },
  startTrainingRun: { method: 'POST', path: '/v1/training-runs', access: ['operator'], function: 'training-runs' },
  listTrainingRuns: { method: 'GET', path: '/v1/training-runs', access: ['operator'], function: 'training-runs' },
  showTrainingRun: { method: 'GET', path: '/v1/training-runs/{id}', access: ['operator'], function: 'training-runs' },
  stopTrainingRun: {
    method: 'POST',
    path: '/v1/training-runs/{id}/stop',
    access: ['operator'],
    function: 'training-runs',
  },
  listPredictors: {
    method: 'GET',
    path: '/v1/predictors',
    access: ['reader', 'operator'],
    function: 'predictors',
  },
  showPredictor: {
    method: 'GET',
    path: '/v1/predictors/{version}',
    access: ['reader', 'operator'],
    function: 'predictors',
  },
  showReport: {
    method: 'GET',
    path: '/v1/predictors/{version}/report',
    access: ['reader', 'operator'],
    function: 'predictors',
  },
  setChampion: {
    method: 'PUT',
    path: '/v1/predictors/aliases/champion',
    access: ['operator'],
    function: 'predictors',
  },
  health: { method: 'GET', path: '/v1/health', access: 'public', function: 'health' },
  openapi: { method: 'GET', path: '/openapi.json', access: 'public', function: 'openapi' },
} as const satisfies Readonly<Record<string, Route>>;

export type Routes = typeof routes;
export type RouteId = keyof Routes;
/** The functions that answer routes. */
export type ApiFunctionName = Routes[RouteId]['function'];
/** The routes that a function answers. */
export type RouteIdOf<Name extends ApiFunctionName> = {
  [Id in RouteId]: Routes[Id]['function'] extends Name ? Id : never;
}[RouteId];

export const routeIds = Object.keys(routes) as readonly RouteId[];

/** In the order of the table. */
export function routeIdsOf<Name extends ApiFunctionName>(name: Name): readonly RouteIdOf<Name>[] {
  return routeIds.filter((id): id is RouteIdOf<Name> => routes[id].function === name);
}

/** The path of a request, with its parameters in it. */
export function filledPath(id: RouteId, parameters: Readonly<Record<string, string>>): string {
  return routes[id].path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name]!));
}

/** As API Gateway names a route: `GET /v1/targets`. */
export function routeKey(id: RouteId): `${Route['method']} /${string}` {
  return `${routes[id].method} ${routes[id].path}`;
}
