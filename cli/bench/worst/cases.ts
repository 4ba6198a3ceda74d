// The worst that one request can ask of each route: what is refused, and what is answered. The compiler sees a route
// without them.
import { gzipSync } from 'node:zlib';
import { type Operation, type RequestBodyLimits, smallBody } from '#contract/operation.ts';
import { operations } from '#contract/operations.ts';
import type { RouteId } from '#contract/routes.ts';
import type { SubmittedGraph } from '#core/models/submitted-graph.ts';
import { predictionLimits } from '#core/serve/predict-latencies.ts';
import { mostSupport } from '#core/targets/support/most-support.ts';
import { brokenChain } from './largest-graphs.ts';

export interface WorstCase {
  readonly what: string;
  readonly status: number;
  /** Another status that is right, where the machine decides. */
  readonly otherwise?: number;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Decoded; sent as gzip. */
  readonly body?: string;
}

export interface WorstOfRoute {
  readonly refused: readonly WorstCase[];
  readonly answered: readonly WorstCase[];
}

/** What is in the store, for requests that are to be answered. */
export interface FilledStore {
  readonly version: string;
  /** As many as one request may name, adapted to the champion. */
  readonly targets: readonly string[];
  /** The one with the most measurements. */
  readonly measuredTarget: string;
  readonly deviceIds: readonly string[];
  readonly tokenIds: readonly string[];
  readonly uploadId: string;
  /** Device whose upload it is. */
  readonly uploaderId: string;
  readonly runId: string;
  /** Largest graphs of several kinds, registered. */
  readonly models: readonly { readonly what: string; readonly graph: SubmittedGraph; readonly model: string }[];
  /** Valid ones, as many as one request may have and one more. */
  readonly architectures: readonly string[];
}

/** API Gateway takes ten kilobytes of request line and headers. */
const lineBytes = 9000;
const longName = 'x'.repeat(256);
const pageOf = 200;

/** The worst requests of every route, over a store that holds what is told. */
export function worstCases(stored: FilledStore): Readonly<Record<RouteId, WorstOfRoute>> {
  const nowhere = (name = 'id'): WorstCase => ({ what: 'a long unknown id', status: 404, path: { [name]: longName } });
  const overlong = { what: 'an id of nine kilobytes', status: 400, path: { id: 'x'.repeat(lineBytes) } };
  const listed = { what: `a page of ${pageOf}`, status: 200, query: { limit: String(pageOf) } };
  const page: WorstOfRoute = { refused: [manyParameters(), badCursor], answered: [listed] };
  const version = { version: stored.version };
  const noVersion: WorstCase = { what: 'nine kilobytes', status: 400, path: { version: 'x'.repeat(lineBytes) } };
  const unknownVersion: WorstCase = { what: 'an unknown one', status: 404, path: { version: '0'.repeat(16) } };
  const [rotated, revoked] = stored.deviceIds;
  const space = { id: 'nasbench201' };
  return {
    predict: predictCases(stored),
    listSearchSpaces: { refused: [], answered: [{ what: 'all', status: 200 }] },
    showSearchSpace: { refused: [nowhere(), overlong], answered: [{ what: 'one', status: 200, path: space }] },
    listTargets: page,
    showTarget: {
      refused: [nowhere(), overlong, { what: 'nearly a name', status: 404, path: { id: `${stored.targets[0]}x` } }],
      answered: [{ what: 'the most measured', status: 200, path: { id: stored.measuredTarget } }],
    },
    supportSet: {
      refused: [
        { ...nowhere('none'), path: space, query: { target: longName } },
        { ...manyParameters(), path: space },
      ],
      answered: [
        { what: 'the most', status: 200, path: space, query: { count: String(mostSupport) } },
        {
          what: 'the most, of a measured target, of every kind',
          status: 200,
          path: space,
          query: { count: String(mostSupport), target: stored.measuredTarget, standard: 'true' },
        },
      ],
    },
    enrolDevice: bodies('enrolDevice', { name: 'n'.repeat(64) }, 201),
    listDevices: page,
    revokeDevice: {
      refused: [nowhere(), overlong],
      answered: [{ what: 'one', status: 200, path: { id: revoked! } }],
    },
    rotateDeviceToken: bodies('rotateDeviceToken', { validForDays: 1, overlapHours: 1 }, 201, { id: rotated! }),
    listTokens: page,
    revokeToken: {
      refused: [nowhere(), overlong],
      answered: [{ what: 'one', status: 200, path: { id: stored.tokenIds[0]! } }],
    },
    listProfiles: {
      refused: [nowhere(), overlong],
      answered: [{ ...listed, path: { id: stored.measuredTarget } }],
    },
    withdraw: bodies('withdraw', { target: stored.measuredTarget }, 201),
    restore: bodies('restore', { target: stored.measuredTarget }, 201),
    ...modelCases(stored),
    registerUpload: bodies('registerUpload', { sizeBytes: 1, sha256: '0'.repeat(64) }, 201),
    showUpload: {
      refused: [nowhere(), overlong],
      answered: [{ what: 'one', status: 200, path: { id: stored.uploadId } }],
    },
    startTrainingRun: bodies('startTrainingRun', {}, 201),
    listTrainingRuns: page,
    showTrainingRun: {
      refused: [nowhere(), overlong],
      answered: [{ what: 'one', status: 200, path: { id: stored.runId } }],
    },
    stopTrainingRun: {
      refused: [nowhere(), overlong],
      answered: [{ what: 'one', status: 200, path: { id: stored.runId } }],
    },
    listPredictors: { refused: [], answered: [{ what: 'all', status: 200 }] },
    showPredictor: { refused: [unknownVersion, noVersion], answered: [{ what: 'one', status: 200, path: version }] },
    showReport: { refused: [unknownVersion, noVersion], answered: [{ what: 'one', status: 200, path: version }] },
    setChampion: championCases(version),
    health: { refused: [], answered: [{ what: 'one', status: 200 }] },
    openapi: { refused: [], answered: [{ what: 'one', status: 200 }] },
  };
}

function modelCases({ models }: FilledStore): Pick<Record<RouteId, WorstOfRoute>, 'registerModel' | 'showModel'> {
  const { refused } = bodies('registerModel', {}, 200);
  const body = (graph: unknown): string => JSON.stringify({ graph });
  return {
    registerModel: {
      refused: [
        ...refused,
        { what: 'the largest graph, whose last node is wrong', status: 400, body: body(brokenChain()) },
      ],
      answered: models.map(({ what, graph }) => ({ what, status: 200, body: body(graph) })),
    },
    showModel: {
      refused: [{ what: 'an id of nine kilobytes', status: 400, path: { id: 'x'.repeat(lineBytes) } }],
      answered: models.map(({ what, model }) => ({ what, status: 200, path: { id: model } })),
    },
  };
}

function predictCases({ targets, architectures }: FilledStore): WorstOfRoute {
  const { architectures: most, targets: mostTargets, predictions } = predictionLimits;
  const body = (members: object): string => JSON.stringify({ searchSpace: 'nasbench201', ...members });
  const refusedAs = (what: string, status: number, members: object): WorstCase => ({
    what,
    status,
    body: body(members),
  });
  const target = targets[0]!;
  const good = architectures.slice(0, most);
  const unknown = Array.from({ length: mostTargets }, (_, i) => `${i}${'xyz'.repeat(80)}`);
  const many = architectures.slice(0, predictions / mostTargets);
  const few = targets.slice(0, Math.floor(predictions / most));
  return {
    refused: [
      ...hostileBodies(operations.predict.bodyLimits).map((hostile) => ({ ...hostile, status: 400 })),
      refusedAs('strings that are too long', 400, { target, architectures: Array(4800).fill('x'.repeat(1030)) }),
      refusedAs('malformed architectures of the greatest length', 400, {
        target,
        architectures: Array(4800).fill('|'.repeat(1024)),
      }),
      refusedAs('a malformed architecture after good ones', 400, {
        target,
        architectures: [...good.slice(1), good[0]!.slice(1)],
      }),
      refusedAs('one architecture too many', 413, { target, architectures: [...good, good[0]] }),
      refusedAs('an unknown search space', 404, { searchSpace: longName, target, architectures: good }),
      refusedAs('an unknown target for good architectures', 404, { target: longName, architectures: good }),
      refusedAs('unknown targets', 404, { targets: unknown, architectures: many }),
    ],
    answered: [
      { what: `${most} architectures`, status: 200, body: body({ target, architectures: good, budgetMs: 10 }) },
      { what: `${few.length} targets`, status: 200, body: body({ targets: few, architectures: good, budgetMs: 10 }) },
      { what: `${mostTargets} targets`, status: 200, body: body({ targets, architectures: many, budgetMs: 10 }) },
    ],
  };
}

/** A promotion that has not adapted every target after twenty seconds says so, and is sent again. */
function championCases(valid: object): WorstOfRoute {
  const { refused, answered } = bodies('setChampion', valid, 200);
  return { refused, answered: answered.map((each) => ({ ...each, otherwise: 503 })) };
}

/** For a route whose body is a few settings. */
function bodies(id: RouteId, valid: object, status: number, path?: Readonly<Record<string, string>>): WorstOfRoute {
  const operation: Operation = operations[id];
  const at = path === undefined ? {} : { path };
  const refused = hostileBodies(operation.bodyLimits ?? smallBody).map((each) => ({ ...each, status: 400, ...at }));
  return { refused, answered: [{ what: 'a valid one', status, body: JSON.stringify(valid), ...at }] };
}

/** Bodies as large as a route reads, each of another kind. */
function hostileBodies({ bytes, strings, members = 16 }: RequestBodyLimits): readonly Omit<WorstCase, 'status'>[] {
  const each = Math.floor((bytes - 100) / (strings - 2)) - 3;
  const keyed = Math.min(members, Math.floor(strings / 2)) - 1;
  const keyBytes = Math.floor((bytes - 100) / keyed) - 10;
  return [
    { what: 'numbers', body: `[${'1,'.repeat(bytes / 2 - 2)}1]` },
    { what: 'nested arrays', body: '['.repeat(bytes) },
    { what: 'one string of escapes', body: `{"a":"${'\\u0001'.repeat(bytes / 6 - 2)}"}` },
    { what: 'as many strings as are read', body: JSON.stringify({ a: Array(strings - 2).fill('x'.repeat(each)) }) },
    {
      what: 'unknown keys',
      body: `{${Array.from({ length: keyed }, (_, i) => `"${i}${'k'.repeat(keyBytes)}":1`).join()}}`,
    },
    { what: 'cut off at its end', body: `{"a":"${'x'.repeat(bytes - 10)}"` },
  ];
}

const badCursor: WorstCase = { what: 'a long wrong cursor', status: 400, query: { cursor: 'A'.repeat(lineBytes) } };

/** As many unknown parameters as the request line holds. */
function manyParameters(): WorstCase {
  const query = Object.fromEntries(Array.from({ length: lineBytes / 6 }, (_, i) => [i.toString(36), '1']));
  return { what: 'unknown parameters', status: 400, query };
}

/** The body as it is sent. */
export const sentBody = (body: string): { readonly body: string; readonly isBase64Encoded: true } => ({
  body: gzipSync(body).toString('base64'),
  isBase64Encoded: true,
});
