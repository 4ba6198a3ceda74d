// The few calls of the HTTP API that an import makes. Faults that may pass (no connection, 429, 5xx) are tried again with
// growing, random pauses; every call is safe to repeat.
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { enrolReplySchema } from '#contract/devices.ts';
import { problemSchema } from '#contract/problem.ts';
import { registerUploadReplySchema, uploadSchema } from '#contract/uploads.ts';
import { DomainError } from '#core/errors.ts';

export type Registered = z.infer<typeof registerUploadReplySchema>;
export type Upload = z.infer<typeof uploadSchema>;

export interface FieldClient {
  /** The same name and key give the same device, with a new token. */
  enrol(operatorToken: string, name: string, key: string): Promise<{ deviceId: string; token: string }>;
  register(
    deviceToken: string,
    upload: { readonly sizeBytes: number; readonly sha256: string; readonly searchSpace: string },
    key: string,
  ): Promise<Registered>;
  /** Also when it was put there before. */
  put(place: Registered, bytes: Uint8Array): Promise<void>;
  show(deviceToken: string, uploadId: string): Promise<Upload>;
}

export interface FieldClientOptions {
  readonly api: string;
  readonly signal?: AbortSignal | undefined;
  /** Tries of one call. Default 6. */
  readonly tries?: number;
  /** ms before the second try; doubles. Default 500. */
  readonly firstPauseMs?: number;
}

/** Calls @throw DomainError: the service's own refusal, or `upload-failed` when every try failed. */
export function fieldClient({ api, signal, tries = 6, firstPauseMs = 500 }: FieldClientOptions): FieldClient {
  async function send(what: string, url: string, init: RequestInit): Promise<Response> {
    let fault = '';
    for (let tried = 0; tried < tries; tried++) {
      if (tried > 0) await sleep(firstPauseMs * 2 ** (tried - 1) * (0.5 + Math.random()), undefined, { signal });
      signal?.throwIfAborted();
      const limit = AbortSignal.timeout(60_000);
      try {
        const response = await fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit });
        if (response.status < 500 && response.status !== 429 && response.status !== 409) return response;
        const refused = await refusalOf(response);
        // 409 is S3's word for "again"; of the service it is final. A daily quota will not pass in seconds either.
        if (refused.code === 'conflict' || refused.code === 'quota-exceeded') throw refused;
        fault = refused.message;
      } catch (error) {
        if (error instanceof DomainError) throw error;
        signal?.throwIfAborted();
        fault = (error as { cause?: Error }).cause?.message ?? (error as Error).message;
      }
    }
    throw new DomainError('upload-failed', `${what} failed ${tries} times, at last with: ${fault}`);
  }

  async function call<T>(
    schema: z.ZodType<T>,
    [method, path]: readonly [string, string],
    token: string,
    body?: unknown,
    key?: string,
  ): Promise<T> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await send(`${method} ${path}`, `${api}${path}`, init);
    if (!response.ok) throw await refusalOf(response);
    const parsed = schema.safeParse(await response.json());
    if (parsed.success) return parsed.data;
    throw new DomainError(
      'upload-failed',
      `${method} ${path} answered something else: ${parsed.error.issues[0]!.message}`,
    );
  }

  return {
    async enrol(operatorToken, name, key) {
      const { device, token } = await call(enrolReplySchema, ['POST', '/v1/devices'], operatorToken, { name }, key);
      return { deviceId: device.deviceId, token };
    },
    register: (token, upload, key) => call(registerUploadReplySchema, ['POST', '/v1/uploads'], token, upload, key),
    async put({ url, headers }, bytes) {
      // fetch states the length itself.
      const { 'content-length': _, ...sent } = headers;
      const init = { method: 'PUT', headers: sent, body: bytes as Uint8Array<ArrayBuffer> };
      const response = await send('PUT of the profile', url, init);
      await response.arrayBuffer();
      if (response.ok || response.status === 412) return;
      throw new DomainError('upload-failed', `the store refused the profile with status ${response.status}`);
    },
    show: (token, uploadId) => call(uploadSchema, ['GET', `/v1/uploads/${uploadId}`], token),
  };
}

async function refusalOf(response: Response): Promise<DomainError> {
  const text = await response.text();
  let problem: ReturnType<typeof problemSchema.safeParse> | undefined;
  try {
    problem = problemSchema.safeParse(JSON.parse(text));
  } catch {}
  if (!problem?.success) return new DomainError('upload-failed', `status ${response.status}`);
  const { code, detail, title } = problem.data;
  const known = ['unauthorized', 'forbidden', 'conflict', 'quota-exceeded'] as const;
  return new DomainError(known.find((each) => each === code) ?? 'upload-failed', `${code}: ${detail ?? title}`);
}
