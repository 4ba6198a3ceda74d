// The embedded S3 endpoint: path-style S3 over HTTP on 127.0.0.1 for the unmodified AWS SDK, kept in a folder. It
// checks what S3 checks (signatures, checksums, conditions) and answers 501 to what it does not do. Not a general S3
// server: what the service, its devices and a person with the AWS command line use (operation.ts says which); one set
// of credentials.

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeWithParents } from '#command-line/make-folder.ts';
import { authenticate, type S3Credentials } from './authentication.ts';
import { receiveNothing } from './body.ts';
import { type EventConsumer, EventFeed, type EventSource } from './event-feed.ts';
import type { Exchange, S3Answer, S3Service } from './exchange.ts';
import type { IndexEntry } from './key-index.ts';
import { ObjectStore } from './object-store.ts';
import { type OperationName, operationNames, operationOf, requireImplemented } from './operation.ts';
import { getObject, headObject, listObjects } from './reading.ts';
import { parseRequest, type S3Request } from './request.ts';
import { drainUnread, sendAnswer, sendError } from './response.ts';
import { S3Error } from './s3-error.ts';
import { deleteObject, putObject } from './writing.ts';

export interface FaultRequest {
  readonly operation: OperationName | 'Unknown';
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

export interface Fault {
  readonly status: number;
  /** S3's error code, such as `InternalError` or `SlowDown`. */
  readonly code: string;
  /** True: the operation is carried out and only its answer is replaced, as when an answer is lost. */
  readonly afterEffect?: boolean;
}

export interface S3Options {
  /** Where objects and event progress are kept; made if missing. One process at a time. */
  readonly stateDir: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** The IPv4 address of `url`. Default: `host`. */
  readonly name?: string;
  readonly credentials: S3Credentials;
  readonly region: string;
  /** The buckets that exist. Others kept in `stateDir` from before stay there, out of sight. */
  readonly buckets: readonly string[];
  /**
   * Told of every durable write and removal, as S3 tells Lambda, one record a call. A record whose promise resolved is
   * delivered; any other is told again by `redeliverEvents` after the next start.
   */
  readonly onEvent?: EventConsumer;
  /** Asked before every signed request; what it returns is answered instead. A promise holds the request until then. */
  readonly faults?: (request: FaultRequest) => Fault | undefined | Promise<Fault | undefined>;
  /** Largest object; 5 GiB as in S3's single PUT. */
  readonly maxObjectBytes?: number;
  /** A sender or reader silent for longer is given up; 20 s. */
  readonly idleTimeoutMs?: number;
  readonly clock?: () => number;
}

export type RequestCounts = Readonly<Record<OperationName | 'Unknown', number>>;

export interface S3Endpoint {
  readonly url: string;
  readonly port: number;
  /** Requests so far per operation, refused and failed ones included. */
  counts(): RequestCounts;
  /** Tells again what an earlier process did not deliver; call it once the consumer is ready. Returns how many. */
  redeliverEvents(): number;
  /** Refuses new requests, lets those in progress end (a few seconds at most), and leaves everything on disk. */
  close(): Promise<void>;
}

const defaultMaxObjectBytes = 5 * 1024 ** 3;
const defaultIdleTimeoutMs = 20_000;
const closingGraceMs = 3_000;
// Longer than a client's pauses between calls: a connection that closes as a request arrives costs that client a retry.
const keepAliveMs = 20_000;

const operations: Readonly<Record<OperationName, (service: S3Service, exchange: Exchange) => Promise<S3Answer>>> = {
  ListObjectsV2: bodiless(listObjects),
  GetObject: bodiless(getObject),
  HeadObject: bodiless(headObject),
  DeleteObject: deleteObject,
  PutObject: putObject,
};

function bodiless(operation: (service: S3Service, exchange: Exchange) => Promise<S3Answer>) {
  return async (service: S3Service, exchange: Exchange): Promise<S3Answer> => {
    await receiveNothing(exchange.request, exchange.authentication, exchange.body, service.limits);
    return await operation(service, exchange);
  };
}

/** @throws the server's own error for a taken port. */
export async function startS3(options: S3Options): Promise<S3Endpoint> {
  const clock = options.clock ?? Date.now;
  makeWithParents(options.stateDir);
  const store = ObjectStore.open(options.stateDir, options.buckets, clock);
  const feed = options.onEvent && new EventFeed(options.stateDir, options.region, options.onEvent, everyObject(store));
  const limits = {
    maxBytes: options.maxObjectBytes ?? defaultMaxObjectBytes,
    idleTimeoutMs: options.idleTimeoutMs ?? defaultIdleTimeoutMs,
  };
  const service: S3Service = { store, feed, limits };
  const counts = Object.fromEntries([...operationNames, 'Unknown'].map((name) => [name, 0])) as Record<
    OperationName | 'Unknown',
    number
  >;
  const inProgress = new Set<Promise<void>>();
  let closing = false;

  const answer = async (message: IncomingMessage, sendContinue: () => void, source: EventSource): Promise<S3Answer> => {
    const request = parseRequest(message);
    const operation = operationOf(request);
    counts[operation]++;
    const authentication = authenticate(request, options, clock());
    const fault = await options.faults?.(faultRequest(request, operation));
    if (fault !== undefined && fault.afterEffect !== true) throw injected(fault);
    requireImplemented(request, operation);
    const exchange: Exchange = { request, authentication, body: { message, sendContinue }, source };
    const answered = await operations[operation](service, exchange);
    if (fault === undefined) return answered;
    await answered.file?.handle.close();
    throw injected(fault);
  };

  const handle = (message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    const source: EventSource = {
      requestId: randomBytes(8).toString('hex').toUpperCase(),
      id2: randomBytes(24).toString('base64'),
      sourceAddress: message.socket.remoteAddress ?? '',
    };
    if (closing) response.shouldKeepAlive = false;
    // By it the SDK sets its own clock right.
    response.setHeader('date', new Date(clock()).toUTCString());
    let waiting = expectsContinue;
    const sendContinue = (): void => {
      if (waiting) response.writeContinue();
      waiting = false;
    };
    const run = answer(message, sendContinue, source)
      .then((answered) => sendAnswer(response, answered, source))
      .catch((error: unknown) => sendError(message, response, error, source, waiting))
      .finally(() => {
        if (!waiting) drainUnread(message);
        inProgress.delete(run);
      });
    inProgress.add(run);
  };

  const server = createServer({ requestTimeout: 300_000 });
  server.on('request', (message, response) => handle(message, response, false));
  server.on('checkContinue', (message, response) => handle(message, response, true));
  server.keepAliveTimeout = keepAliveMs;
  // A little more patience than body.ts has, so that a slow sender gets S3's answer before the socket goes.
  server.timeout = limits.idleTimeoutMs * 1.5;
  const { host = '127.0.0.1', name = host } = options;
  await listen(server, options.port ?? 0, host);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${name}:${port}`,
    port,
    counts: () => ({ ...counts }),
    redeliverEvents: () => feed?.redeliver() ?? 0,
    close: async () => {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cutOff = setTimeout(() => server.closeAllConnections(), closingGraceMs);
      await Promise.allSettled([...inProgress]);
      server.closeIdleConnections();
      await closed;
      clearTimeout(cutOff);
      await store.settle();
      await feed?.close(closingGraceMs);
    },
  };
}

function* everyObject(store: ObjectStore): Generator<[string, IndexEntry]> {
  for (const name of store.buckets()) {
    for (const entry of store.index(name).entries()) yield [name, entry];
  }
}

function faultRequest(request: S3Request, operation: OperationName | 'Unknown'): FaultRequest {
  return { operation, method: request.method, bucket: request.bucket, key: request.key };
}

function injected(fault: Fault): S3Error {
  return S3Error.injected(fault.status, fault.code);
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
