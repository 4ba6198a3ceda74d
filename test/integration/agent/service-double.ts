// A small real HTTP server that keeps the upload contract as a device sees it: bearer token, idempotent registration,
// a signed PUT that refuses wrong bytes, wrong headers and replays, and a verdict. It can fail, and it can call a hook
// at each point so that a test kills the device there.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';

export type Point =
  | 'register-asked'
  | 'register-answered'
  | 'put-asked'
  | 'put-stored'
  | 'put-answered'
  | 'status-asked'
  | 'verdict-answered';

interface Upload {
  readonly uploadId: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Of the latest address: registering again under the same key gives a fresh one. */
  signature: string;
  expired: boolean;
  stored: Buffer | undefined;
  polls: number;
}

export interface ServiceDouble {
  readonly url: string;
  readonly token: string;
  readonly uploads: Upload[];
  /** Requests as METHOD path. */
  readonly requests: string[];
  /** Called at each point; the server goes on when it returns. */
  onPoint: (point: Point) => void;
  /** Answers this instead of serving, for as long as it gives a status. */
  fail: (request: IncomingMessage) => number | 'hang up' | undefined;
  verdict: (profile: unknown) => Record<string, unknown>;
  /** How many addresses it gives out that are refused. */
  expires: number;
  /** How many times it says `waiting` first. */
  waits: number;
  close(): Promise<void>;
}

export async function startServiceDouble(): Promise<ServiceDouble> {
  const keys = new Map<string, Upload>();
  const double: ServiceDouble = {
    url: '',
    token: 'sb_device7_0123456789abcdefSECRET',
    uploads: [],
    requests: [],
    onPoint: () => {},
    fail: () => undefined,
    verdict: () => acceptedAs(0),
    expires: 0,
    waits: 1,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, double.url);
    double.requests.push(`${request.method} ${pathname}`);
    const failure = double.fail(request);
    if (failure === 'hang up') {
      response.destroy();
      return;
    }
    if (failure !== undefined) return reply(response, failure, { code: 'internal', message: 'made to fail' });
    if (request.method === 'PUT') return await put(request, response, pathname, searchParams);
    if (request.headers.authorization !== `Bearer ${double.token}`) {
      return reply(response, 401, { code: 'unauthorized', detail: 'the token is not known' });
    }
    if (request.method === 'POST' && pathname === '/v1/uploads') return await register(request, response);
    if (/^\/v1\/search-spaces\/nasbench201\/support-set$/.test(pathname)) {
      // No target is known to it.
      if (searchParams.has('target')) return reply(response, 404, { code: 'unknown-target' });
      const cells = ['skip_connect', 'avg_pool_3x3', 'nor_conv_1x1', 'nor_conv_3x3'];
      const architectures = cells.map((op) => `|${op}~0|+|none~0|none~1|+|${op}~0|${op}~1|none~2|`);
      const mixed = searchParams.get('standard') === 'true';
      const taken = architectures.slice(0, Number(searchParams.get('count')) - (mixed ? 1 : 0));
      const { name, id: model } = standardGraphs().find((each) => each.name === 'empty')!;
      return reply(response, 200, {
        searchSpace: 'nasbench201',
        inputSize: 32,
        batchSize: Number(searchParams.get('batchSize')),
        target: null,
        predictorVersion: null,
        measured: 0,
        architectures: taken,
        ...(mixed && {
          networks: [
            { kind: 'standard', name, model },
            ...taken.map((architecture) => ({ kind: 'architecture', architecture })),
          ],
        }),
        expectedErrors: null,
      });
    }
    const id = /^\/v1\/uploads\/([^/]+)$/.exec(pathname)?.[1];
    const upload = double.uploads.find((candidate) => candidate.uploadId === id);
    if (request.method !== 'GET' || upload === undefined) return reply(response, 404, { code: 'not-found' });
    double.onPoint('status-asked');
    const waiting = upload.stored === undefined || upload.polls++ < double.waits;
    const verdict = waiting ? {} : double.verdict(JSON.parse(gunzipSync(upload.stored!).toString()));
    reply(response, 200, { ...viewOf(upload), ...verdict });
    if (waiting) return;
    response.once('close', () => double.onPoint('verdict-answered'));
  }

  async function register(request: IncomingMessage, response: ServerResponse): Promise<void> {
    double.onPoint('register-asked');
    const key = String(request.headers['idempotency-key']);
    const { sizeBytes, sha256 } = JSON.parse((await buffer(request)).toString()) as Upload;
    let upload = keys.get(key);
    const signature = `SIGNED-${randomUUID()}`;
    if (upload === undefined) {
      upload = {
        uploadId: randomBytes(16).toString('hex'),
        sizeBytes,
        sha256,
        signature,
        expired: false,
        stored: undefined,
        polls: 0,
      };
      keys.set(key, upload);
      double.uploads.push(upload);
    }
    upload.signature = signature;
    upload.expired = double.expires-- > 0;
    const put = {
      method: 'PUT',
      url: `${double.url}/incoming/${upload.uploadId}?X-Amz-Signature=${signature}`,
      headers: {
        'content-length': String(sizeBytes),
        'content-type': 'application/gzip',
        'if-none-match': '*',
        'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
      },
    };
    const isFinished = upload.stored !== undefined && upload.polls > double.waits;
    const status = isFinished ? 'accepted' : 'waiting';
    reply(response, 201, { uploadId: upload.uploadId, status, ...put, expiresAt: '2026-01-02T03:19:05.000Z' });
    double.onPoint('register-answered');
  }

  async function put(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    query: URLSearchParams,
  ): Promise<void> {
    double.onPoint('put-asked');
    const body = await buffer(request);
    const upload = double.uploads.find(({ uploadId }) => pathname === `/incoming/${uploadId}`);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const signed = upload !== undefined && query.get('X-Amz-Signature') === upload.signature && !upload.expired;
    const headers = request.headers;
    const wanted =
      signed &&
      headers['content-type'] === 'application/gzip' &&
      headers['if-none-match'] === '*' &&
      headers['content-length'] === String(upload.sizeBytes) &&
      headers['x-amz-checksum-sha256'] === Buffer.from(sha256, 'hex').toString('base64');
    if (!wanted || headers.authorization !== undefined || sha256 !== upload.sha256) return reply(response, 403, {});
    if (upload.stored !== undefined) return reply(response, 412, {});
    upload.stored = body;
    double.onPoint('put-stored');
    reply(response, 200, {});
    double.onPoint('put-answered');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(double, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return double;
}

/** As GET /v1/uploads/{id} says it of an accepted profile. */
export function acceptedAs(excludedCount: number, excluded: readonly unknown[] = []): Record<string, unknown> {
  const finishedAt = '2026-01-02T03:04:06.000Z';
  return { status: 'accepted', finishedAt, targetId: 'a-target', measurements: 2, excludedCount, excluded };
}

/** As it says it of one that waits. */
function viewOf({ uploadId, sizeBytes, sha256 }: Upload): Record<string, unknown> {
  return {
    uploadId,
    deviceId: 'device7',
    searchSpace: null,
    sizeBytes,
    sha256,
    registeredAt: '2026-01-02T03:04:05.000Z',
    status: 'waiting',
    finishedAt: null,
    targetId: null,
    measurements: null,
    excludedCount: null,
    excluded: [],
    reason: null,
  };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
}
