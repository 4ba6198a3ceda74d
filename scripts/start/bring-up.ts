// The phases of a start. What is in place already is left as it is, so that an interrupted start is simply started again:
// targets are registered once, a search space is trained when it has no champion that this code can run, and a champion
// is promoted only when every target is adapted to it.
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { Store } from '#core/dataset/store.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { adaptTargets, deployChampion } from '#core/service/deploy-champion.ts';
import { registerTarget } from '#core/service/register-target.ts';
import { usableChampion } from '#core/service/usable-champion.ts';
import { storeTable } from '#core/training/stored-tables.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { type Stack, startStack } from '../local/stack.ts';
import { StackError } from '../local/stack-error.ts';
import { synthesise } from '../synth.ts';
import { checkRequest, type FirstRequest } from './first-request.ts';
import { type LocalTokens, localTokens } from './local-tokens.ts';
import type { StartOptions } from './options.ts';
import type { Screen } from './screen.ts';
import { factsOf, measurementsOf, readShippedTable, shippedTableFile } from './shipped-tables.ts';
import { trainAll } from './training-threads.ts';

export interface Running {
  readonly stack: Stack;
  readonly tokens: LocalTokens;
  readonly request: FirstRequest;
  readonly tables: readonly LatencyTable[];
}

export interface BringUpOptions {
  readonly signal: AbortSignal;
  /** Of the state folder's lock; the stack gives it free. */
  readonly unlock: () => void;
  readonly screen: Screen;
}

const trainingSeed = 0;
/** Steps between two reports of a training; also how long a stop waits: a second or two. */
const stepsPerReport = 25;

/** When it rejects, nothing is left running. */
export async function bringUp(options: StartOptions, { signal, unlock, screen }: BringUpOptions): Promise<Running> {
  await requireFreePort(options.port);
  const firstStart = !existsSync(join(options.state, 's3'));
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const opening = openStack(options, unlock, screen, either);
  const store = opening.then(storeOf);
  const work = async (): Promise<Omit<Running, 'stack'>> => {
    const tables: LatencyTable[] = [];
    for (const id of options.searchSpaces) tables.push(await readShippedTable(id));
    const prepared = store.then((opened) => prepare(opened, tables, either));
    // On the first start it is known what to train before the stack runs.
    const untrained = firstStart ? Promise.resolve(tables) : prepared;
    const trained = untrained.then((wanted) => train(store, wanted, options, screen, either));
    await allOrStop(failed, [prepared, trained]);
    const { apiUrl } = await opening;
    const tokens = await localTokens(await store, options.state);
    const request = firstRequest(tables[0]!);
    await checkRequest(apiUrl, tokens.reader, request, either);
    return { tokens, request, tables };
  };
  try {
    const [running, stack] = await allOrStop(failed, [work(), opening, store]);
    return { ...running, stack };
  } catch (error) {
    await opening.then(
      (stack) => stack.close(),
      () => undefined,
    );
    throw signal.aborted ? signal.reason : error;
  }
}

/** Like Promise.all, but the first failure aborts `failed`, and nothing is still running when it rejects. */
async function allOrStop<T extends readonly unknown[]>(
  failed: AbortController,
  tasks: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  for (const task of tasks) task.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(tasks);
  return (await Promise.all(tasks)) as unknown as T;
}

/** @throws StackError before anything slow has been done in vain */
async function requireFreePort(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const probe = createServer();
  probe.once('error', ({ code }: NodeJS.ErrnoException) => {
    const inUse = `port ${port} is in use: stop what listens there, or choose another one with --port`;
    reject(new StackError(code === 'EADDRINUSE' ? inUse : `cannot listen on port ${port} (${code})`));
  });
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  await promise;
}

async function openStack(
  options: StartOptions,
  unlock: () => void,
  { say }: Screen,
  signal: AbortSignal,
): Promise<Stack> {
  const started = performance.now();
  say('synthesising the CDK app …');
  const { folder, fresh } = await synthesise({ signal });
  if (fresh) say(`synthesised in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const stack = await startStack({ stateDir: options.state, templateDir: folder, port: options.port, unlock });
  say(`listening at ${stack.apiUrl}`);
  return stack;
}

function storeOf({ s3Url, region, credentials, buckets }: Stack): Store {
  const bucket = buckets['Data'];
  if (bucket === undefined) throw new StackError("the template has no bucket 'Data'");
  return s3Store({ bucket, client: new S3Client({ endpoint: s3Url, region, credentials, forcePathStyle: true }) });
}

/** Registers the tables' targets, adapts those that a champion does not know yet; gives the tables still to train on. */
async function prepare(store: Store, tables: readonly LatencyTable[], signal: AbortSignal): Promise<LatencyTable[]> {
  const untrained: LatencyTable[] = [];
  for (const table of tables) {
    // A training run freezes its snapshot from there.
    await storeTable(store, table.searchSpace, await shippedTableFile(table.searchSpace));
    for (const facts of factsOf(table)) {
      signal.throwIfAborted();
      await registerTarget(store, facts, Date.now());
    }
    const ids = table.targets.map(({ id }) => id);
    const champion = await usableChampion(store, table.searchSpace, ids, loadPredictor);
    if (!champion) {
      untrained.push(table);
      continue;
    }
    await adaptTargets(store, champion.predictor, measuredTargets(table, champion.unadapted), signal);
    await champion.predictor.close();
  }
  return untrained;
}

async function train(
  store: Promise<Store>,
  tables: readonly LatencyTable[],
  options: StartOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  if (tables.length === 0) return;
  const names = tables.map(({ searchSpace }) => searchSpace);
  const threads = Math.min(names.length, availableParallelism());
  screen.say(`training ${names.join(', ')} on public measurements, ${threads} at a time`);
  const progress = screen.progress(names, threads);
  const jobs = tables.map(({ searchSpace, architectures, targets }) => ({
    searchSpace,
    architectures,
    targets: targets.map(({ id, latencyMs }) => ({ id, latencyMs })),
    seed: trainingSeed,
    steps: options.steps,
    stepsPerCall: stepsPerReport,
  }));
  try {
    await trainAll(jobs, {
      threads,
      signal,
      onBegun: progress.begin,
      onProgress: progress.report,
      async onTrained(searchSpace, { bundle, trainS }) {
        const table = tables.find((each) => each.searchSpace === searchSpace)!;
        const targets = measuredTargets(
          table,
          table.targets.map(({ id }) => id),
        );
        const now = Date.now();
        await deployChampion(await store, { bundle, loadPredictor, trainS, targets, now, signal });
        screen.say(`trained ${searchSpace} in ${trainS.toFixed(0)} s; ${table.targets.length} targets adapted`);
      },
    });
  } finally {
    progress.stop();
  }
}

function* measuredTargets(table: LatencyTable, targetIds: readonly string[]) {
  for (const targetId of targetIds) yield { targetId, measured: measurementsOf(table, targetId) };
}

/** A CPU, whose first rows were measured like all others (the GPUs' were not warm yet). */
const exampleTarget = 'silver_4210r';

function firstRequest({ searchSpace, targets, texts }: LatencyTable): FirstRequest {
  const target = targets.find(({ id }) => id === exampleTarget) ?? targets[0]!;
  const [first, second] = [target.latencyMs[0]!, target.latencyMs[1]!];
  const budgetMs = Math.round(Math.max(first, second));
  return { searchSpace, target: target.id, architectures: texts.slice(0, 2), budgetMs };
}
