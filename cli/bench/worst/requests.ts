// The worst request of each route, refused and answered, through the bundled functions, each in a process of its own:
// what it takes of a core and of memory, against what it may take.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type ApiFunctionName, type RouteId, routeIds, routeKey, routes } from '#contract/routes.ts';
import { synthesise } from '#scripts/synth.ts';
import { functionEnvironment } from '#stack/lambda/environment.ts';
import { startStack } from '#stack/stack.ts';
import { planStack } from '#stack/template/plan.ts';
import type { FunctionPlan } from '#stack/template/plan-functions.ts';
import { sentBody, type WorstCase, worstCases } from './cases.ts';
import { fillStack } from './fill-stack.ts';

/** What a refusal may take: of one core, and of memory beyond what the function holds already. */
export const refusalBounds = { cpuMs: 250, growthMB: 200 } as const;

export interface WorstRequest {
  readonly route: RouteId;
  readonly kind: 'refused' | 'answered';
  readonly what: string;
  /** What was answered where it is not what was expected. */
  readonly unexpected?: string;
  readonly status: number;
  /** As it is measured against a core's whole time. */
  readonly cpuMs: number;
  /** Highest resident size during the request beyond that before it. */
  readonly growthMB: number;
  readonly replyBytes: number;
  /** Share of what it may take: of a refusal's bounds; of the function's time limit, at the core it is given, and of
   * its memory. */
  readonly cpuShare: number;
  readonly memoryShare: number;
}

/** MiB for which Lambda gives a whole core. */
const wholeCoreMiB = 1769;
/** For what the store is filled with, many times over. */
const neededBytes = 2 ** 30;
/** The whole of a function's requests, on a busy machine too. */
const functionTimeoutMs = 600_000;
const probe = fileURLToPath(new URL('probe.mjs', import.meta.url));

export interface WorstOptions {
  /** Names of targets among which the nearest of a wrong one are sought. */
  readonly names: number;
  readonly onProgress?: (text: string) => void;
}

/** Measures the worst requests of all routes. Linux only: the highest memory of a request is read from /proc. */
export async function benchWorstRequests({ names, onProgress = () => {} }: WorstOptions): Promise<WorstRequest[]> {
  const folder = mkdtempSync(join(memoryFolder(), 'sugarbush-worst-'));
  const templateDir = (await synthesise()).folder;
  const stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir });
  try {
    onProgress('filling the store');
    const { stored, addNames } = await fillStack(stack);
    const cases = worstCases(stored);
    const plan = planStack(templateDir, { region: stack.region, accountId: '000000000000' });
    const functionOf = (name: ApiFunctionName): FunctionPlan => {
      const key = routeKey(routeIds.find((id) => routes[id].function === name)!);
      const { functionArn } = plan.api!.routes.find((route) => route.key === key)!;
      return plan.functions.find(({ arn }) => arn === functionArn)!;
    };
    const measured: WorstRequest[] = [];
    // Promotion reads what is behind the names: before there are any. What is withdrawn nobody else asks for after.
    const places: Partial<Record<ApiFunctionName, number>> = { predictors: -1, withdrawals: 1 };
    const place = (name: ApiFunctionName): number => places[name] ?? 0;
    const order = [...new Set(routeIds.map((id) => routes[id].function))].toSorted((a, b) => place(a) - place(b));
    for (const name of order) {
      onProgress(name);
      const sent = routeIds
        .filter((id) => routes[id].function === name)
        .flatMap((route) => [
          // Answered ones first: a refusal is measured in a function that has what it needs in memory.
          ...cases[route].answered.map((each) => ({ route, kind: 'answered' as const, each })),
          ...cases[route].refused.map((each) => ({ route, kind: 'refused' as const, each })),
        ]);
      const file = join(folder, 'events');
      const caller = { deviceId: stored.uploaderId, tokenId: stored.tokenIds[1]! };
      writeFileSync(file, sent.map(({ route, each }) => JSON.stringify(eventOf(route, each, caller))).join('\n'));
      const planned = functionOf(name);
      const results = await run(planned, environmentOf(planned, stack), file);
      measured.push(...sent.map(({ route, kind, each }, i) => judged(planned, { route, kind, each }, results[i]!)));
      if (name === 'predictors') await addNames(names);
    }
    return measured;
  } finally {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The store is filled in seconds where nothing waits for a disk. */
function memoryFolder(): string {
  const shared = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(shared);
    if (bavail * bsize >= neededBytes) return shared;
  } catch {
    // Not every system has it.
  }
  return tmpdir();
}

interface Measured {
  readonly status: number;
  readonly cpuMs: number;
  readonly growthMB: number;
  readonly peakMiB: number;
  readonly replyBytes: number;
  readonly said?: string;
}
interface Sent {
  readonly route: RouteId;
  readonly kind: WorstRequest['kind'];
  readonly each: WorstCase;
}

function judged(plan: FunctionPlan, { route, kind, each }: Sent, result: Measured): WorstRequest {
  const isExpected = result.status === each.status || result.status === each.otherwise;
  const { status, cpuMs, growthMB, replyBytes, peakMiB } = result;
  const core = Math.min(1, plan.memoryMiB / wholeCoreMiB);
  const shares =
    kind === 'refused'
      ? { cpuShare: cpuMs / refusalBounds.cpuMs, memoryShare: growthMB / refusalBounds.growthMB }
      : { cpuShare: cpuMs / (plan.timeoutS * 1000 * core), memoryShare: peakMiB / plan.memoryMiB };
  const unexpected = isExpected ? {} : { unexpected: `${status}, not ${each.status}: ${result.said}` };
  return { route, kind, what: each.what, ...unexpected, status, cpuMs, growthMB, replyBytes, ...shares };
}

function environmentOf(
  plan: FunctionPlan,
  { region, credentials, s3Url, stepFunctionsUrl }: Awaited<ReturnType<typeof startStack>>,
): Readonly<Record<string, string>> {
  const endpoints = { s3Url, ...(stepFunctionsUrl !== undefined && { stepFunctionsUrl }), clockStartedMs: 0 };
  return {
    // Without layers: what they hold is found in the project's own packages.
    ...functionEnvironment(plan, [], region, credentials, endpoints),
    // Calls to the store wait longer than in the function: no time is measured, and the machine may be busy.
    FUNCTION_TIMEOUT_S: '900',
    POWERTOOLS_LOG_LEVEL: 'CRITICAL',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
}

function run(plan: FunctionPlan, env: Readonly<Record<string, string>>, events: string): Promise<Measured[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Measured[]>();
  const bundle = `${plan.codeFolder}/index.mjs`;
  const heap = `--max-old-space-size=${Math.floor(plan.memoryMiB * 0.9)}`;
  const child = spawn(process.execPath, ['--expose-gc', heap, probe, bundle, events], {
    env,
    // What the function logs is no measurement.
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    timeout: functionTimeoutMs,
    killSignal: 'SIGKILL',
  });
  const results: Measured[] = [];
  createInterface(child.stdio[3] as Readable).on('line', (line) => void results.push(JSON.parse(line) as Measured));
  child.once('error', reject);
  child.once('close', (code, signal) => {
    if (code === 0) resolve(results);
    else reject(new Error(`function ${plan.key} ended with ${code ?? signal} after ${results.length} requests`));
  });
  return promise;
}

interface CallerIds {
  readonly deviceId: string;
  readonly tokenId: string;
}

const captured = new URL('../../../test/fixtures/events/predictions.json', import.meta.url);
const template = JSON.parse(readFileSync(captured, 'utf8')) as {
  readonly headers: object;
  readonly requestContext: object;
};

function eventOf(route: RouteId, { path, query, body }: WorstCase, { deviceId, tokenId }: CallerIds): unknown {
  const { access } = routes[route];
  const role = access === 'public' ? undefined : access[0];
  const lambda = { tokenId, role, ...(role === 'device' && { deviceId }) };
  const { body: _, ...rest } = { ...template, body: undefined };
  return {
    ...rest,
    routeKey: routeKey(route),
    headers: {
      ...template.headers,
      'accept-encoding': 'gzip',
      ...(body !== undefined && { 'content-encoding': 'gzip' }),
    },
    requestContext: { ...template.requestContext, routeKey: routeKey(route), ...(role && { authorizer: { lambda } }) },
    ...(path && { pathParameters: path }),
    ...(query && { queryStringParameters: query }),
    ...(body === undefined ? { isBase64Encoded: false } : sentBody(body)),
  };
}
