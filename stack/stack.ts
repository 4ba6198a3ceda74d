// The embedded stack: runs on one machine what the CDK app's template describes: S3, functions, HTTP API,
// bucket events, state machines and schedules. Nothing that the template lacks exists here either.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { S3EventRecord } from 'aws-lambda';
import { makeWithParents } from '#command-line/make-folder.ts';
import { buildOnnxruntimeLayer, hostPlatform } from '../layers/build-onnxruntime.ts';
import { keptCredentials } from './credentials.ts';
import { deliverRecord } from './events.ts';
import { failureSender } from './failure-destination.ts';
import { startError } from './full-disk.ts';
import { HttpApi } from './http/http-api.ts';
import { invokeAsynchronously } from './lambda/asynchronous.ts';
import { type Credentials, type Endpoints, functionEnvironment } from './lambda/environment.ts';
import { LambdaFunction } from './lambda/function.ts';
import type { InvocationReport, InvocationResult } from './lambda/invocation.ts';
import { type S3Endpoint, type S3Options, startS3 } from './s3/server.ts';
import { Scheduler } from './schedule/scheduler.ts';
import { openStackClock } from './stack-clock.ts';
import { StackError } from './stack-error.ts';
import { lockState } from './state-lock.ts';
import { startStepFunctions } from './state-machine/endpoint.ts';
import { Executions } from './state-machine/executions.ts';
import { planStack } from './template/plan.ts';
import type { FunctionPlan, LayerPlan } from './template/plan-functions.ts';

/** Lambda gives a whole vCPU from here on: AWS Lambda Developer Guide, "Configure Lambda function memory". */
const wholeVcpuMiB = 1769;

export interface StackOptions {
  /** Objects, credentials, logs and the lock; made if missing, kept for the next start. */
  readonly stateDir: string;
  /** The lock of `stateDir`, where the caller has taken it already (`lockState`). Closing the stack gives it free. */
  readonly unlock?: () => void;
  /** Port of the HTTP API; 0: any free one. */
  readonly port: number;
  /** A cdk.out. */
  readonly templateDir: string;
  /** Address to listen on with the API and S3. Default 127.0.0.1: nobody else on the network. */
  readonly host?: string;
  /** The IPv4 address that others reach both by, in every address given out and signed. Default: `host`. */
  readonly name?: string;
  /** An HTML page for browsers at the address of the API, which it is told. */
  readonly homePage?: (address: string) => string;
  readonly region?: string;
  /** Folders to use for the template's layers, by their `sugarbush:layer` name, instead of those built for the
   * cloud. */
  readonly layers?: Readonly<Record<string, string>>;
  /** Sandboxes of one function at once, where the template does not reserve a number. Default: as many as there are
   * CPUs (at least 2) for functions with a whole vCPU in the cloud, else 8 or more. Calls beyond wait. */
  readonly maxSandboxes?: number;
  /** Milliseconds an unused sandbox stays warm. Default ten minutes. */
  readonly idleMs?: number;
  /** Milliseconds before each retry of an asynchronous invocation. Default 1 s and 2 s (Lambda: one and two
   * minutes). */
  readonly retryDelaysMs?: readonly number[];
  /** How often each bucket event is delivered. Default 1; S3 promises no more than "at least once". */
  readonly eventDeliveries?: number;
  /** Milliseconds that calls under way get when the stack closes. Default 3 s. */
  readonly graceMs?: number;
  onReport?(report: InvocationReport): void;
  /** Asked before every signed S3 request; what it returns is answered instead. */
  readonly s3Faults?: S3Options['faults'];
}

export interface Stack {
  /** Without a trailing slash; empty when the template has no HTTP API. */
  readonly apiUrl: string;
  readonly s3Url: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** Bucket names by construct path, such as `Data`. */
  readonly buckets: Readonly<Record<string, string>>;
  /** For a Step Functions client; absent where the template has no state machine. */
  readonly stepFunctionsUrl: string | undefined;
  /** ARNs by construct path. */
  readonly stateMachines: Readonly<Record<string, string>>;
  readonly s3: S3Endpoint;
  /** Calls a function by its construct path, such as `Predict`, and waits for its answer. */
  invoke(functionKey: string, event: unknown): Promise<InvocationResult>;
  /** Stops everything; returns when no process is left. */
  close(): Promise<void>;
}

const accountId = '000000000000';

/** @throws StackError with what to do about it: state folder or port in use, a template it cannot run. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stateDir, templateDir, region = 'us-east-1', host = '127.0.0.1', name = host, graceMs = 3000 } = options;
  const unlock = options.unlock ?? lockState(stateDir);
  const undo: (() => void | Promise<void>)[] = [unlock];
  const closing = new AbortController();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      closing.abort();
      for (const step of undo.toReversed()) await step();
    })();
    return closed;
  };
  try {
    const plan = planStack(templateDir, { region, accountId });
    const targets = [...plan.functions, ...plan.stateMachines].map(({ arn }) => arn);
    for (const { key, targetArn } of plan.schedules) {
      if (!targets.includes(targetArn)) throw new StackError(`schedule ${key} starts ${targetArn}, which is not here`);
    }
    const clock = openStackClock(stateDir);
    undo.push(() => clock.close());
    const credentials = keptCredentials(stateDir);
    const functions = new Map<string, LambdaFunction>();
    const functionOf = (arn: string): LambdaFunction => {
      const found = functions.get(arn);
      if (!found) throw new StackError(`the template has no function ${arn}`);
      return found;
    };

    const s3 = await startS3AtPort(options.port === 0 ? 0 : options.port + 1, {
      stateDir: join(stateDir, 's3'),
      host,
      name,
      credentials,
      region,
      buckets: plan.buckets.map(({ name }) => name),
      clock: clock.now,
      onEvent: (record: S3EventRecord) =>
        deliverRecord(plan.notifications, record, options.eventDeliveries ?? 1, invokeLater),
      ...(options.s3Faults && { faults: options.s3Faults }),
    });
    undo.push(() => s3.close());

    const sendFailure = failureSender({ s3Url: s3.url, region, credentials, functionOf });
    const invokeLater = (functionArn: string, event: unknown): Promise<void> =>
      invokeAsynchronously(functionOf(functionArn), event, {
        retryDelaysMs: options.retryDelaysMs ?? [1000, 2000],
        signal: closing.signal,
        sendFailure,
      });

    const logs = join(stateDir, 'logs');
    makeWithParents(logs);
    const executions =
      plan.stateMachines.length > 0
        ? await Executions.open({
            machines: plan.stateMachines,
            folder: join(stateDir, 'executions'),
            logFolder: logs,
            now: clock.now,
            invoke: (functionArn, event) => functionOf(functionArn).invoke(event),
          })
        : undefined;
    const stepFunctions = executions && (await startStepFunctions(executions, credentials.accessKeyId));
    if (stepFunctions) undo.push(() => stepFunctions.close());
    const endpoints: Endpoints = {
      s3Url: s3.url,
      clockStartedMs: clock.startedMs,
      ...(stepFunctions && { stepFunctionsUrl: stepFunctions.url }),
    };
    for (const each of plan.functions) {
      const layerFolders = each.layers.map((layer) => layerFolder(layer, options.layers ?? {}));
      const started = new LambdaFunction({
        plan: each,
        environment: functionEnvironment(each, layerFolders, region, credentials, endpoints),
        logFile: join(logs, `${each.key.replaceAll('/', '-')}.log`),
        maxSandboxes: options.maxSandboxes ?? Math.max(each.memoryMiB >= wholeVcpuMiB ? 2 : 8, availableParallelism()),
        idleMs: options.idleMs ?? 600_000,
        initLimitMs: 10_000 + each.timeoutS * 1000,
        memoryCheckMs: 100,
        now: clock.now,
        ...(options.onReport && { onReport: options.onReport }),
      });
      functions.set(each.arn, started);
    }
    undo.push(async () => {
      await Promise.all([...functions.values()].map((each) => each.close(graceMs)));
    });

    undo.push(() => executions?.suspend());

    let apiUrl = '';
    if (plan.api) {
      const api = new HttpApi({
        plan: plan.api,
        accountId,
        host,
        name,
        homePage: options.homePage,
        port: options.port,
        invoke: (functionArn, event) => functionOf(functionArn).invoke(event),
      });
      apiUrl = await api.start();
      undo.push(() => api.close(graceMs));
    }
    s3.redeliverEvents();
    executions?.resume();
    const runScheduled = (targetArn: string, input: string): void => {
      if (executions && targetArn.includes(':stateMachine:')) startOnSchedule(executions, targetArn, input);
      else invokeLater(targetArn, JSON.parse(input)).catch(() => undefined);
    };
    const scheduler = new Scheduler(plan.schedules, runScheduled, clock.now);
    undo.push(() => scheduler.stop());
    for (const { enabled, atStart, targetArn } of plan.schedules) {
      if (enabled && atStart !== undefined) runScheduled(targetArn, atStart);
    }

    return {
      apiUrl,
      s3Url: s3.url,
      region,
      credentials,
      buckets: Object.fromEntries(plan.buckets.map(({ key, name }) => [key, name])),
      stepFunctionsUrl: stepFunctions?.url,
      stateMachines: Object.fromEntries(plan.stateMachines.map(({ key, arn }) => [key, arn])),
      s3,
      invoke: async (functionKey, event) =>
        functionOf(arnOf(plan.functions, functionKey)).invoke(JSON.stringify(event)),
      close,
    };
  } catch (error) {
    await close();
    throw startError(error, stateDir);
  }
}

/** A start that cannot be is said; the schedule's next time comes all the same. */
function startOnSchedule(executions: Executions, targetArn: string, input: string): void {
  try {
    executions.start(targetArn, input);
  } catch (error) {
    console.error(`stack: the schedule of ${targetArn} could not start it: ${(error as Error).message}`);
  }
}

function arnOf(functions: readonly FunctionPlan[], key: string): string {
  const found = functions.find((each) => each.key === key);
  if (found) return found.arn;
  throw new StackError(`no function '${key}' in the template; it has: ${functions.map((each) => each.key).join(', ')}`);
}

/** The layer for this machine: one given, one of ours built for the host, else the template's own. */
function layerFolder(layer: LayerPlan, given: Readonly<Record<string, string>>): string {
  const named = layer.name === undefined ? undefined : given[layer.name];
  if (named !== undefined) return named;
  return layer.name === 'onnxruntime' ? buildOnnxruntimeLayer(hostPlatform).folder : layer.folder;
}

/** S3 beside the API where that port is free, so that presigned URLs outlive a restart; else anywhere. */
async function startS3AtPort(port: number, options: Parameters<typeof startS3>[0]): Promise<S3Endpoint> {
  try {
    return await startS3({ ...options, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return await startS3({ ...options, port: 0 });
  }
}
