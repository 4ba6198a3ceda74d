// HTTP without a helpful client: node:http for requests that are whole, bare sockets for those that are not.

import { request } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
  /** The `Code` of an XML error. */
  readonly code: string | undefined;
}

export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array },
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { protocol: _, host, hostname, port } = new URL(url);
    const path = url.slice(url.indexOf(host) + host.length);
    const sent = request(
      { hostname, port, path, method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(pieces).toString();
          const code = /<Code>(.*?)<\/Code>/.exec(body)?.[1];
          resolve({ status: response.statusCode!, headers: response.headers, body, code });
        });
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** Writes bytes to a fresh connection and gives back all that comes until the other side closes, or `waitMs` passes. */
export function converse(
  port: number,
  bytes: string | Uint8Array,
  waitMs: number,
  end = false,
): Promise<{ text: string; closed: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const pieces: Buffer[] = [];
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text: Buffer.concat(pieces).toString('latin1'), closed });
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('close', () => finish(true));
    socket.on('error', () => finish(true));
    socket.write(bytes);
    if (end) socket.end();
  });
}
