// One request and its whole answer over node:http or node:https, with connections that are kept. Every silence ends it:
// an address that takes no connection, a server that begins no answer, and one that begins it and stops.
import type { IncomingHttpHeaders } from 'node:http';
import { DeadlineError } from '../deadline.ts';
import type { TimeLimits } from '../time-limits.ts';

export interface HttpMessage {
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface HttpExchange {
  /** @param signal ends it
   * @throws Error with the `code` of Node's network errors; DeadlineError; the reason of the signal */
  (message: HttpMessage, signal: AbortSignal): Promise<HttpAnswer>;
  /** Ends kept connections. */
  close(): void;
}

/** Only what is needed is loaded, and not by an import: that reads every name of the module, which for node:http loads
 * Node's WebSocket and fetch too, a tenth of a cold start. */
const builtin = process.getBuiltinModule;

/** An exchange with one origin ('https://host[:port]'). */
export function httpExchange(origin: string, { connectMs, attemptMs }: TimeLimits): HttpExchange {
  const { protocol, hostname, port } = new URL(origin);
  const secure = protocol === 'https:';
  const { Agent, request: send } = secure ? builtin('node:https') : builtin('node:http');
  const agent = new Agent({ keepAlive: true });

  const exchange = ({ method, target, headers, body }: HttpMessage, signal: AbortSignal): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const request = send({ agent, host: unbracketed(hostname), port, method, path: target, headers, signal });
      const watch = watchdog((what, ms) => request.destroy(new DeadlineError(`${method} ${origin}: ${what} ${ms} ms`)));
      request.on('error', reject).once('close', watch.stop);
      watch.expect('no answer within', attemptMs);
      request.once('socket', (socket) => {
        if (!socket.connecting) return;
        watch.expect('no connection within', connectMs);
        socket.once(secure ? 'secureConnect' : 'connect', () => watch.expect('no answer within', attemptMs));
      });
      request.once('response', (response) => {
        watch.expect('the rest of the answer did not come within', attemptMs);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        // An answer that is cut short is an error of the response, not of the request.
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) });
        });
      });
      request.end(body);
    });
  return Object.assign(exchange, { close: () => agent.destroy() });
}

/** A URL writes an IPv6 address in brackets, a socket without. */
const unbracketed = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** One timer for what is awaited now: the next expectation ends the one before. */
function watchdog(late: (what: string, ms: number) => void) {
  let timer: NodeJS.Timeout | undefined;
  return {
    expect(what: string, ms: number): void {
      clearTimeout(timer);
      timer = setTimeout(() => late(what, ms), ms);
    },
    stop: (): void => clearTimeout(timer),
  };
}
