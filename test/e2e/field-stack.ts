// The embedded stack as the template describes it, with the shipped predictor as champion, and what a device and an
// operator do over HTTP: enrol, register, PUT to the presigned address, ask.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { seedPredictor } from '#cli/start/shipped-predictor.ts';
import { apiClient, type ReplyOf } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { operations } from '#contract/operations.ts';
import { issueToken } from '#core/access/issue-token.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { synthesise } from '#scripts/synth.ts';
import { type Stack, type StackOptions, startStack } from '#stack/stack.ts';
import { patientAssembly, patientLimits } from './patient-assembly.ts';
import { rawCall } from './raw-call.ts';

export type Upload = ReplyOf<typeof operations.showUpload>;
export type Registered = ReplyOf<typeof operations.registerUpload>;

export interface Device {
  readonly deviceId: string;
  readonly token: string;
}

export interface FieldStack {
  readonly stack: Stack;
  /** Objects and logs. */
  readonly stateDir: string;
  readonly data: Store;
  readonly uploads: Store;
  readonly failures: Store;
  readonly reader: string;
  readonly operator: string;
  /** For what no client sends. */
  call(method: string, path: string, token: string | undefined, body?: unknown, key?: string): Promise<Response>;
  enrol(name: string): Promise<Device>;
  /** For profiles of any search space, or of the one that is given. */
  register(device: Device, bytes: Uint8Array, key?: string, only?: SearchSpaceId): Promise<Registered>;
  /** Registers and puts. */
  send(device: Device, content: Profile | Uint8Array, only?: SearchSpaceId): Promise<Registered>;
  show(device: Device, uploadId: string): Promise<Upload>;
  /** Asks until the upload is finished. */
  finished(device: Device, uploadId: string): Promise<Upload>;
  close(): Promise<void>;
}

export const table = readTable();

/** Environment of the functions that a test wants otherwise than the template has it. */
export type Overrides = Readonly<Record<string, string>>;

export async function startFieldStack(
  options: Partial<StackOptions> & { readonly overrides?: Overrides; readonly predictor?: 'shipped' } = {},
): Promise<FieldStack> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-field-'));
  const templateDir = join(folder, 'cdk.out');
  patientAssembly((await synthesise()).folder, templateDir, (text) => overridden(text, options.overrides ?? {}));
  const { stateDir = join(folder, 'state') } = options;
  const stack = await startStack({ port: 0, templateDir, graceMs: 500, ...options, stateDir });
  const { s3Url: endpoint, region, credentials, buckets } = stack;
  const client = s3Client({ endpoint, region, credentials, limits: patientLimits });
  const data = s3Store({ bucket: buckets['Data']!, client });
  const tokenOf = async (role: 'reader' | 'operator'): Promise<string> =>
    (await issueToken(data, { role, validForS: 3600, now: Date.now(), randomBytes })).token;

  const api = apiClient({ api: stack.apiUrl, operations, retry: noRetries, timeoutMs: 300_000, strict: true });
  const field: FieldStack = {
    stack,
    stateDir,
    data,
    uploads: s3Store({ bucket: buckets['Intake/Incoming']!, client }),
    failures: s3Store({ bucket: buckets['Intake/Failures']!, client }),
    reader: await tokenOf('reader'),
    operator: await tokenOf('operator'),
    call: (method, path, token, body, idempotencyKey) =>
      rawCall(stack.apiUrl, method, path, { token, body, idempotencyKey }),
    async enrol(name) {
      const { device, token } = await api.as(field.operator).call('enrolDevice', { body: { name } });
      return { deviceId: device.deviceId, token };
    },
    register({ token }, bytes, key, only) {
      const body = { sizeBytes: bytes.length, sha256: sha256(bytes), ...(only !== undefined && { searchSpace: only }) };
      return api.as(token).call('registerUpload', { body, ...(key !== undefined && { idempotencyKey: key }) });
    },
    async send(device, content, only) {
      const bytes = content instanceof Uint8Array ? content : gzipSync(JSON.stringify(content));
      const registered = await field.register(device, bytes, undefined, only);
      const stored = await api.putUpload(registered, bytes);
      if (stored !== 'stored') throw new Error(`PUT: ${stored}`);
      return registered;
    },
    show: ({ token }, id) => api.as(token).call('showUpload', { path: { id } }),
    async finished(device, uploadId) {
      for (;;) {
        const upload = await field.show(device, uploadId);
        if (upload.status !== 'waiting') return upload;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async close() {
      client.close();
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  // It has learned from the devices of the table, among others.
  if (options.predictor === 'shipped') await seedPredictor(data, Date.now);
  return field;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The signed PUT as a device makes it; fetch states the length itself. Gives the status. */
export async function put({ url, headers }: Pick<Registered, 'url' | 'headers'>, bytes: Uint8Array): Promise<number> {
  const { 'content-length': _, ...sent } = headers;
  const response = await fetch(url, { method: 'PUT', headers: sent, body: bytes as Uint8Array<ArrayBuffer> });
  await response.arrayBuffer();
  return response.status;
}

/** A template with other values in its functions' environment. */
function overridden(template: string, overrides: Overrides): string {
  let text = template;
  for (const [variable, value] of Object.entries(overrides)) {
    text = text.replaceAll(new RegExp(`"${variable}": "[^"]*"`, 'g'), `"${variable}": "${value}"`);
  }
  // The other half of what a token is trusted for without being read again.
  return 'TOKEN_CACHE_S' in overrides ? text.replace(/("AuthorizerResultTtlInSeconds": )\d+/, '$10') : text;
}

function readTable(): LatencyTable {
  const file = 'data/latency-nasbench201.csv.gz';
  const text = gunzipSync(readFileSync(new URL(`../../${file}`, import.meta.url))).toString('utf8');
  return parseLatencyTable(text, { file, space: searchSpace('nasbench201') });
}

/** What a device would measure that is as fast as a column of the table. */
export function profileOf(
  column: string,
  rows: readonly number[],
  { model = `Board ${column}`, distort = (latencyMs: number, _row: number): number => latencyMs, more = {} } = {},
): Profile {
  const { latencyMs } = table.targets.find(({ id }) => id === column)!;
  return {
    ...exampleProfile,
    target: { ...exampleProfile.target, hardware: { ...exampleProfile.target.hardware, model } },
    context: { ...exampleProfile.context, ...more },
    workloads: [{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 }],
    descriptor: null,
    measurements: rows.map((row) => ({
      workload: 0,
      architecture: table.texts[row]!,
      latency: { medianMs: distort(latencyMs[row]!, row), trimmedMeanMs: null, spreadMs: null },
      runs: 50,
      stable: true,
    })),
  };
}

export const rowsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
