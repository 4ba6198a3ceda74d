// Requests through the whole embedded stack (HTTP, authorizer, process of the function) at several numbers in flight,
// beside the same events given to the bare handler in this process: what the stack itself costs. Loopback only; each
// round ends by itself.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filledPath } from '#contract/routes.ts';
import { issueToken } from '#core/access/issue-token.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { synthesise } from '#scripts/synth.ts';
import { startStack } from '#stack/stack.ts';
import type { BundledPredict } from './bundled-predict.ts';
import { quantileOf } from './statistics.ts';

export interface Load {
  readonly requests: number;
  readonly requestsPerS: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface LoadLevel {
  readonly inFlight: number;
  readonly architectures: number;
  readonly stack: Load;
  readonly handler: Load;
}

const levels = [1, 1000].flatMap((architectures) => [1, 8, 32].map((inFlight) => ({ architectures, inFlight })));
/** A round ends after the one or the other, whichever comes first. */
const mostRequests = 2000;

/** Loads an embedded stack and the bare handler in turn, `roundS` seconds at most for each level and side. */
export async function benchLoad(
  deployed: BundledPredict,
  roundS: number,
  onProgress: (text: string) => void = () => {},
): Promise<LoadLevel[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-load-'));
  const templateDir = (await synthesise()).folder;
  const stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir });
  const agent = new Agent({ keepAlive: true });
  try {
    const { s3Url: endpoint, region, credentials, buckets } = stack;
    const client = s3Client({ endpoint, region, credentials });
    const store = s3Store({ bucket: buckets['Data']!, client });
    await deployed.serveFrom(store);
    const { token } = await issueToken(store, { role: 'reader', validForS: 3600, now: Date.now(), randomBytes });
    client.close();
    const { handler } = (await import(pathToFileURL(`${deployed.codeFolder}/index.mjs`).href)) as {
      handler(event: unknown, context: unknown): Promise<{ readonly statusCode: number }>;
    };
    const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000, functionName: 'bench' };
    const url = `${stack.apiUrl}${filledPath('predict', {})}`;
    const measured: LoadLevel[] = [];
    for (const { architectures, inFlight } of levels) {
      onProgress(`${architectures} architectures, ${inFlight} in flight`);
      const event = deployed.event(deployed.architectures.slice(0, architectures)) as { readonly body: string };
      const post = (): Promise<number> => send(url, agent, token, event.body);
      const call = async (): Promise<number> => (await handler(structuredClone(event), context)).statusCode;
      // Every process that will answer has started, and everything is in memory.
      await Promise.all(Array.from({ length: inFlight }, post));
      await call();
      measured.push({
        architectures,
        inFlight,
        stack: await load(post, inFlight, roundS),
        handler: await load(call, inFlight, roundS),
      });
    }
    return measured;
  } finally {
    agent.destroy();
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(ask: () => Promise<number>, inFlight: number, roundS: number): Promise<Load> {
  const ms: number[] = [];
  let asked = 0;
  const started = performance.now();
  const worker = async (): Promise<void> => {
    while (asked < mostRequests && performance.now() - started < 1000 * roundS) {
      asked++;
      const before = performance.now();
      const status = await ask();
      if (status !== 200) throw new Error(`a request of the load was answered ${status}`);
      ms.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - started) / 1000;
  return {
    requests: ms.length,
    requestsPerS: ms.length / seconds,
    medianMs: quantileOf(ms, 0.5),
    p99Ms: quantileOf(ms, 0.99),
  };
}

function send(url: string, agent: Agent, token: string, body: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const sent = httpRequest(url, { method: 'POST', agent, headers }, (response) => {
    response.on('error', reject).on('end', () => resolve(response.statusCode!));
    response.resume();
  });
  sent.on('error', reject).end(body);
  return promise;
}

/** The load of the stack and of the bare handler as lines for a terminal. */
export function loadTable(levels: readonly LoadLevel[]): string {
  const load = ({ requestsPerS, medianMs, p99Ms }: Load): string =>
    [requestsPerS, medianMs, p99Ms].map((value) => value.toFixed(1).padStart(8)).join('  ');
  const lines = levels.map(({ architectures, inFlight, stack, handler }) =>
    [String(architectures).padStart(13), String(inFlight).padStart(9), load(stack), load(handler)].join('  '),
  );
  return [
    '                          the embedded stack            the bare handler',
    'architectures  in flight    req/s    p50 ms    p99 ms     req/s    p50 ms    p99 ms',
    ...lines,
  ].join('\n');
}
