// Signs a request with the SDK's own signer and writes its head as the text that goes over a socket.

import { SignatureV4 } from '@smithy/signature-v4';
import { credentials, region } from './identity.ts';
import { NodeSha256 } from './node-sha256.ts';

export interface SignedHead {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function signHead(
  port: number,
  method: string,
  path: string,
  more: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string>> = {},
): Promise<SignedHead> {
  const signer = new SignatureV4({ service: 's3', region, credentials, sha256: NodeSha256, uriEscapePath: false });
  const headers = { host: `127.0.0.1:${port}`, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...more };
  const signed = await signer.sign({
    method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query: { ...query },
    headers,
  });
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`);
  const target = search.length > 0 ? `${path}?${search.join('&')}` : path;
  return { headers: signed.headers, text: [`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n') };
}
