// What `npm start` prints when the service is ready.
import { relative, resolve } from 'node:path';
import type { LatencyTable } from '#core/dataset/table.ts';
import { targetIdsOf } from '../import/table-profiles.ts';
import { curlLine, type FirstRequest } from './first-request.ts';
import type { LocalTokens } from './local-tokens.ts';
import type { NetworkHost } from './network-host.ts';

export interface WelcomeFacts {
  readonly apiUrl: string;
  readonly host: NetworkHost;
  readonly tokens: LocalTokens;
  readonly request: FirstRequest;
  readonly tables: readonly LatencyTable[];
  readonly state: string;
  readonly seconds: number;
}

/** The text that a start ends with: address, tokens, and a request to paste. */
export function welcome({ apiUrl, host, tokens, request, tables, state, seconds }: WelcomeFacts): string {
  const targets = new Set(tables.flatMap((table) => [...targetIdsOf(table)])).size;
  const spaces = tables.map(({ searchSpace }) => searchSpace).join(', ');
  return `
Sugarbush is ready after ${seconds} s.

  address         ${apiUrl}
  reader token    ${tokens.reader}
  operator token  ${tokens.operator}
  targets         ${targets}, measured in ${spaces}
  OpenAPI         ${apiUrl}/openapi.json
  state           ${shown(state)}

Predict the latency of two networks on ${request.target}:

${curlLine(apiUrl, tokens.reader, request)}
${onNetwork(host, apiUrl)}
Ctrl-C stops the service; the next start finds everything in place.`;
}

/** What a person has to know where others on the network reach the service; empty where nobody does. */
function onNetwork({ isLocal, others }: NetworkHost, apiUrl: string): string {
  if (isLocal) return '';
  const more =
    others.length === 0
      ? ''
      : '\nProfiles are sent to the address above. This machine has others too, which --host chooses: ' +
        `${others.join(', ')}.`;
  return `
The same line works on other machines of the network; a board sends what it measured with
sugarbush-agent upload --api ${apiUrl} and a device's token (docs/measuring.md).
WARNING: this is plain HTTP. Whoever can listen on the network can read tokens and measurements.${more}
`;
}

/** Relative where it is inside the current folder. */
function shown(state: string): string {
  const path = relative('.', state);
  return path.startsWith('..') ? resolve(state) : path || '.';
}
