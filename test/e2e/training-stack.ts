// The real stack with a dataset that trains in seconds, as the tests of training use it: started from the app's own
// template, called over HTTP, its tasks' processes found and killed.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient, type ReplyOf } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { operations } from '#contract/operations.ts';
import { issueToken } from '#core/access/issue-token.ts';
import type { Store } from '#core/store/store.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import type { FaultRequest } from '#stack/s3/server.ts';
import { type Stack, type StackOptions, startStack } from '#stack/stack.ts';
import { storeDataset } from '../unit/core/training/tiny-training.ts';
import { patientAssembly, patientLimits } from './patient-assembly.ts';
import { rawCall } from './raw-call.ts';

/** Small enough for a test; a different seed or number of repeats is not decided on yet. */
export const request = { steps: 20, folds: 2, repeats: 1 };

/** A request that each task makes in the middle of its work, and in the runs of these tests no other task does.
 * `champion` is the one before. */
export const momentOf = {
  Freeze: ({ method, key = '' }: FaultRequest) => method === 'GET' && key.startsWith('targets/'),
  Plan: ({ method, key = '' }: FaultRequest) => method === 'GET' && /^fits\/.*\/predictor\.json$/.test(key),
  Fit: ({ method, key = '' }: FaultRequest) => method === 'PUT' && /^fits\/.*\/predictor\.onnx$/.test(key),
  Evaluate: ({ method, key = '' }: FaultRequest) => method === 'PUT' && /^training-parts\/.*\/folds\//.test(key),
  Decide: ({ method, key = '' }: FaultRequest) => method === 'PUT' && /^training-parts\/.*\/card\.json$/.test(key),
  Report: ({ method, key = '' }: FaultRequest) => method === 'PUT' && /^training-parts\/.*\/report\.html$/.test(key),
  Publish: ({ method, key = '' }: FaultRequest) => method === 'PUT' && /^predictors\/.*\/predictor\.onnx$/.test(key),
  Adapt: ({ method, key = '' }: FaultRequest, champion = 'none') =>
    method !== 'HEAD' && key.startsWith('adaptations/') && !key.includes(champion),
  Conclude: ({ method, key = '' }: FaultRequest) =>
    method === 'PUT' && key.startsWith('snapshots/') && key.includes('decided'),
} as const;
export type TaskName = keyof typeof momentOf;

type RunView = ReplyOf<typeof operations.showTrainingRun>;

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a reply holds is what the tests are about
  readonly body: any;
}

export interface TrainingStack {
  readonly stack: Stack;
  readonly store: Store;
  readonly reader: string;
  readonly operator: string;
  callAs(role: 'reader' | 'operator', method: string, path: string, body?: unknown, key?: string): Promise<Reply>;
  /** As an operator. */
  call(method: string, path: string, body?: unknown, key?: string): Promise<Reply>;
  start(settings?: object, key?: string): Promise<string>;
  show(runId: string): Promise<RunView>;
  /** Waits for its end. */
  ended(runId: string, timeoutMs?: number): Promise<RunView>;
  champion(): Promise<string | undefined>;
}

export function storeOf({ s3Url, region, credentials, buckets }: Stack): Store {
  const client = s3Client({ endpoint: s3Url, region, credentials, limits: patientLimits });
  return s3Store({ bucket: buckets['Data']!, client });
}

export async function openTraining(
  folder: string,
  templateDir: string,
  options: Partial<StackOptions> = {},
): Promise<TrainingStack> {
  const patient = mkdtempSync(join(folder, 'patient-'));
  patientAssembly(templateDir, patient);
  const stateDir = join(folder, 'state');
  const stack = await startStack({ stateDir, templateDir: patient, port: 0, graceMs: 0, ...options });
  const store = storeOf(stack);
  const issue = async (role: 'reader' | 'operator') =>
    (await issueToken(store, { role, validForS: 3600, now: Date.now(), randomBytes })).token;
  const tokens = { reader: await issue('reader'), operator: await issue('operator') };
  const api = apiClient({
    api: stack.apiUrl,
    operations,
    token: tokens.operator,
    retry: noRetries,
    timeoutMs: 300_000,
    strict: true,
  });
  const training: TrainingStack = {
    stack,
    store,
    ...tokens,
    call: (method, path, body, key) => training.callAs('operator', method, path, body, key),
    async callAs(role, method, path, body, key) {
      const reply = await rawCall(stack.apiUrl, method, path, { token: tokens[role], body, idempotencyKey: key });
      const text = await reply.text();
      const json = reply.headers.get('content-type')?.includes('json');
      return { status: reply.status, body: json ? JSON.parse(text) : text };
    },
    async start(settings = {}, idempotencyKey) {
      const body = { ...request, ...settings };
      const { run } = await api.call('startTrainingRun', {
        body,
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      });
      return run.runId;
    },
    show: (id) => api.call('showTrainingRun', { path: { id } }),
    async ended(runId, timeout = 480_000) {
      const until = performance.now() + timeout;
      for (;;) {
        const view = await training.show(runId);
        if (view.run.status !== 'running') return view;
        if (performance.now() > until) throw new Error(`run '${runId}' has not ended: ${JSON.stringify(view)}`);
        await sleep(100);
      }
    },
    async champion() {
      const object = await store.get('predictors/aliases.json');
      return object && JSON.parse(new TextDecoder().decode(object.body)).champion;
    },
  };
  return training;
}

export { storeDataset };

/** Processes of functions that this process runs, by the name of the function. */
export function processesOf(functionName: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return Number(parent) === process.pid && environment.includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}`)
          ? [Number(pid)]
          : [];
      } catch {
        return [];
      }
    });
}
