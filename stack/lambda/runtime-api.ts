// The Lambda Runtime API for one sandbox: an HTTP server that hands out events and takes replies. It knows nothing of
// processes, time or memory; sandbox.ts does. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FunctionError, responseLimitBytes } from './invocation.ts';

export interface PendingEvent {
  readonly requestId: string;
  readonly functionArn: string;
  readonly deadlineMs: number;
  /** JSON. */
  readonly event: string;
}

export interface RuntimeApiListener {
  /** The runtime has loaded its handler and waits for an event. */
  onReady(): void;
  onInitError(error: FunctionError): void;
  onResponse(requestId: string, payload: string): void;
  onError(requestId: string, error: FunctionError): void;
}

export class RuntimeApi {
  readonly #listener: RuntimeApiListener;
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch(() => response.destroy());
  });
  #waiting: ServerResponse | undefined;
  #pending: PendingEvent | undefined;

  constructor(listener: RuntimeApiListener) {
    this.#listener = listener;
    // The runtime's long poll lasts as long as nothing happens.
    this.#server.timeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.keepAliveTimeout = 0;
  }

  /** @returns `host:port` for AWS_LAMBDA_RUNTIME_API. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#server.unref();
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Gives the event to the runtime, at once where it already waits. */
  deliver(event: PendingEvent): void {
    this.#pending = event;
    this.#flush();
  }

  #flush(): void {
    const [event, response] = [this.#pending, this.#waiting];
    if (!event || !response) return;
    this.#pending = undefined;
    this.#waiting = undefined;
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': event.requestId,
      'lambda-runtime-deadline-ms': String(event.deadlineMs),
      'lambda-runtime-invoked-function-arn': event.functionArn,
      'lambda-runtime-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${event.requestId.replaceAll('-', '').slice(0, 24)}`,
    });
    response.end(event.event);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.socket.setNoDelay(true);
    const route = request.url?.replace(/^\/2018-06-01\/runtime\//, '') ?? '';
    if (request.method === 'GET' && route === 'invocation/next') {
      this.#waiting = response;
      response.on('close', () => {
        if (this.#waiting === response) this.#waiting = undefined;
      });
      this.#listener.onReady();
      this.#flush();
      return;
    }
    const body = await readBody(request);
    const [, requestId, kind] = /^invocation\/([^/]+)\/(response|error)$/.exec(route) ?? [];
    const accepted = request.method === 'POST' && (route === 'init/error' || requestId !== undefined);
    response.writeHead(accepted ? 202 : 404, { 'content-type': 'application/json' }).end('{"status":"OK"}\n');
    if (!accepted) return;
    if (route === 'init/error') this.#listener.onInitError(parseError(body));
    else if (kind === 'error') this.#listener.onError(requestId!, parseError(body));
    else if (body !== undefined) this.#listener.onResponse(requestId!, body);
    else {
      this.#listener.onError(requestId!, {
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: `Response payload size exceeded maximum allowed payload size (${responseLimitBytes} bytes).`,
      });
    }
  }
}

/** The body, or undefined when it is over Lambda's limit for an answer. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= responseLimitBytes) chunks.push(chunk);
  }
  return sizeBytes > responseLimitBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

function parseError(body: string | undefined): FunctionError {
  try {
    const { errorType, errorMessage, trace } = JSON.parse(body ?? '') as Partial<FunctionError>;
    return { errorType: String(errorType), errorMessage: String(errorMessage), ...(trace && { trace }) };
  } catch {
    return { errorType: 'Runtime.Unknown', errorMessage: 'The runtime reported an error that is not JSON' };
  }
}
