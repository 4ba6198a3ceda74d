// The phases of a start. What is in place already is left as it is, so that an interrupted start is simply started
// again: a store without a predictor that this code can run gets the shipped one with what it knows of the shipped
// tables' targets, and the tables come in through the same door as devices' profiles, while the service answers where
// it can. Asked to train, it waits for them and runs the training state machine.
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { apiClient, type Client } from '#client/client.ts';
import { operations } from '#contract/operations.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { targetId } from '#core/dataset/target-id.ts';
import type { Store } from '#core/store/store.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { synthesise } from '#scripts/synth.ts';
import { type Stack, startStack } from '#stack/stack.ts';
import { StackError } from '#stack/stack-error.ts';
import type { StartOptions } from '../commands/start.ts';
import { readingOf, targetIdsOf, targetOfColumn } from '../import/table-profiles.ts';
import { checkRequest, type FirstRequest } from './first-request.ts';
import { firstTraining } from './first-training.ts';
import { homePage } from './home-page.ts';
import { importShipped } from './import-shipped.ts';
import { type LocalTokens, localTokens } from './local-tokens.ts';
import { type NetworkHost, networkHost } from './network-host.ts';
import type { Screen, ScreenProgress } from './screen.ts';
import { seedTargets } from './seed-targets.ts';
import { seedPredictor } from './shipped-predictor.ts';
import { readShippedTable, type ShippedTable } from './shipped-tables.ts';
import { startJobs, trainingName } from './start-jobs.ts';

export interface Running {
  readonly stack: Stack;
  readonly host: NetworkHost;
  readonly tokens: LocalTokens;
  readonly request: FirstRequest;
  readonly tables: readonly LatencyTable[];
  /** Resolves when the tables are imported; rejects when one is refused, or with what the start was aborted with. */
  readonly imported: Promise<void>;
}

export interface BringUpOptions {
  readonly signal: AbortSignal;
  /** Gives the state folder's lock free, which the stack does. */
  readonly unlock: () => void;
  readonly screen: Screen;
}

/** When it rejects, nothing is left running. */
export async function bringUp(options: StartOptions, { signal, unlock, screen }: BringUpOptions): Promise<Running> {
  const host = await networkHost(options.host, { interfaces: networkInterfaces(), lookup: ipv4Of });
  await requireFreePort(options.port, host);
  // While the synthesis keeps another process busy.
  const reading = Promise.all(options.searchSpace.map(readShippedTable));
  reading.catch(() => undefined);
  const stack = await openStack(options, host, { unlock, screen, signal });
  try {
    const store = storeOf(stack);
    const tokens = await localTokens(store, options.state, screen.say);
    const shipped = await reading;
    const client = apiClient({ api: stack.apiUrl, operations, token: tokens.operator, signal });
    const tables = shipped.map(({ table }) => table);
    const version = await seedPredictor(store, Date.now);
    if (version !== undefined) screen.say(`serving the shipped predictor ${version}`);
    const answersNow = await seedTargets(store, tables, Date.now());
    const imported = bringTables(shipped, { client, options, screen, signal });
    imported.catch(() => undefined);
    if (options.train || !answersNow) await imported;
    const request = firstRequest(tables[0]!);
    await checkRequest(client.as(tokens.reader), request);
    return { stack, host, tokens, request, tables, imported };
  } catch (error) {
    await stack.close();
    throw signal.aborted ? signal.reason : error;
  }
}

const ipv4Of = async (name: string): Promise<string> => (await lookup(name, 4)).address;

/** @throws StackError before anything slow has been done in vain */
async function requireFreePort(port: number, { listen }: NetworkHost): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const probe = createServer();
  probe.once('error', ({ code }: NodeJS.ErrnoException) => {
    const inUse = `port ${port} is in use: stop what listens there, or choose another one with --port`;
    reject(new StackError(code === 'EADDRINUSE' ? inUse : `cannot listen on port ${port} (${code})`));
  });
  probe.listen(port, listen, () => probe.close(() => resolve()));
  await promise;
}

async function openStack(
  options: StartOptions,
  host: NetworkHost,
  { unlock, screen: { say }, signal }: BringUpOptions,
): Promise<Stack> {
  const started = performance.now();
  say('synthesising the CDK app …');
  const { folder, fresh } = await synthesise({ signal });
  if (fresh) say(`synthesised in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const { listen, name } = host;
  const stack = await startStack({
    stateDir: options.state,
    templateDir: folder,
    port: options.port,
    host: listen,
    name,
    homePage,
    unlock,
  });
  say(`listening at ${stack.apiUrl}`);
  return stack;
}

function storeOf({ s3Url, region, credentials, buckets }: Stack): Store {
  const bucket = buckets['Data'];
  if (bucket === undefined) throw new StackError("the template has no bucket 'Data'");
  return s3Store({ bucket, client: s3Client({ endpoint: s3Url, region, credentials }) });
}

interface Service {
  /** With an operator's token. */
  readonly client: Client<typeof operations>;
  readonly options: StartOptions;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

async function bringTables(shipped: readonly ShippedTable[], service: Service): Promise<void> {
  const { options, screen } = service;
  const progress = screen.progress(
    startJobs(
      shipped.map(({ table: { searchSpace, targets } }) => ({ searchSpace, targets: targets.length })),
      options,
    ),
  );
  try {
    for (const each of shipped) await bringTable(each, service, progress);
    if (options.train) await train(service, progress);
  } finally {
    progress.stop();
  }
}

async function bringTable(shipped: ShippedTable, service: Service, progress: ScreenProgress): Promise<void> {
  const { client, options, screen, signal } = service;
  const { searchSpace, exclusions, file } = shipped.table;
  progress.begin(searchSpace);
  const sent = await importShipped(shipped, {
    client,
    stateDir: options.state,
    signal,
    onProgress: (share) => progress.report(searchSpace, share, 'import'),
  });
  progress.done(searchSpace);
  if (!sent) return;
  for (const { target, reason, count } of exclusions) {
    screen.say(`${file}: ${count} latencies of '${target}' left out (${reason})`);
  }
  screen.say(`imported ${file}: ${targetIdsOf(shipped.table).size} targets`);
}

async function train({ client, options, screen, signal }: Service, progress: ScreenProgress): Promise<void> {
  progress.begin(trainingName);
  const said = await firstTraining({
    client,
    steps: options.steps,
    signal,
    onProgress: ({ part, share, doing }) => progress.report(trainingName, share, doing, part),
  });
  progress.done(trainingName);
  screen.say(said);
}

/** A CPU, whose first rows were measured like all others (the GPUs' were not warm yet). */
const exampleTarget = 'silver_4210r';

function firstRequest({ searchSpace, targets, texts }: LatencyTable): FirstRequest {
  const target = targets.find(({ id }) => id === exampleTarget) ?? targets[0]!;
  const [first, second] = [target.latencyMs[0]!, target.latencyMs[1]!];
  const budgetMs = Math.round(Math.max(first, second));
  return {
    searchSpace,
    target: targetId(targetOfColumn(readingOf(target).device)),
    architectures: texts.slice(0, 2),
    budgetMs,
  };
}
