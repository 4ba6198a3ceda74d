// The service as this device sees it: four calls over HTTPS with the device token. The token and signed addresses go
// nowhere else: into no message, no file and no log.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { jsonOrUndefined } from '../json-or-undefined.ts';

export interface Service {
  /** Architectures to measure next on the target, best first; of a target that the service does not know, what a new one
   * starts with. */
  supportSet(searchSpace: string, count: number, targetId: string): Promise<string[]>;
  /** The same key gives the same upload again. */
  register(upload: UploadRequest, idempotencyKey: string): Promise<RegisteredUpload>;
  /** undefined: the service does not know such an upload (any more). */
  status(uploadId: string): Promise<UploadStatus | undefined>;
  /** `expired`: the address is too old or was refused. `exists`: the object is there already. */
  put(place: Place, body: Uint8Array): Promise<'stored' | 'exists' | 'expired'>;
}

export interface UploadRequest {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly searchSpace: string;
}

// Answers may gain fields: not strict.
const registeredSchema = z.object({
  uploadId: z.string().min(1),
  // Absent once the upload is finished.
  url: z.url().optional(),
  headers: z.record(z.string(), z.string()).default({}),
});

export interface RegisteredUpload {
  readonly uploadId: string;
  /** null: the upload is finished already. */
  readonly place: Place | null;
}

/** Where the profile may be put, and with which headers, to the letter. */
export interface Place {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const statusSchema = z.object({
  status: z.enum(['waiting', 'accepted', 'quarantined']),
  targetId: z.string().nullish(),
  excludedCount: z.int().nonnegative().nullish(),
  excluded: z.array(z.unknown()).nullish(),
  reason: z.unknown().optional(),
});
export interface UploadStatus {
  readonly status: 'waiting' | 'accepted' | 'quarantined';
  readonly targetId?: string;
  /** Why it was quarantined; or, of an accepted one, which measurements were not taken. */
  readonly reason?: string;
}

const supportSetSchema = z.object({ architectures: z.array(z.string().min(1)).min(1) });
const problemSchema = z.object({
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  message: z.string().optional(),
});

/** A call that may work later: no connection, no answer in time, 408, 425, 429, 5xx. */
export class TryLater extends Error {
  override readonly name = 'TryLater';
  /** What the service asks for, ms. */
  readonly retryAfterMs: number | undefined;
  /** No call would work now, whatever it is about. */
  readonly concernsAll: boolean;

  constructor(message: string, options: { retryAfterMs?: number | undefined; concernsAll?: boolean } = {}) {
    super(message);
    this.retryAfterMs = options.retryAfterMs;
    this.concernsAll = options.concernsAll ?? false;
  }
}

export interface ServiceAccess {
  readonly api: string;
  readonly token: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** @throws DomainError `invalid-usage` when the address or the token is missing, unreadable or unsafe to use */
export function readAccess(
  options: { api?: string | undefined; tokenFile?: string | undefined; allowHttp: boolean },
  env: NodeJS.ProcessEnv,
): ServiceAccess {
  const api = options.api ?? env['SUGARBUSH_API'];
  if (api === undefined || !URL.canParse(api)) {
    throw new DomainError('invalid-usage', 'no address of the service: give --api or $SUGARBUSH_API');
  }
  const { protocol, hostname } = new URL(api);
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && (isHere || options.allowHttp))) {
    throw new DomainError('invalid-usage', `${protocol}//${hostname} would carry the token readably; allowed: https`);
  }
  return { api: api.replace(/\/+$/, ''), token: readToken(options.tokenFile, env) };
}

function readToken(file: string | undefined, env: NodeJS.ProcessEnv): string {
  let token: string;
  try {
    token = (file === undefined ? (env['SUGARBUSH_TOKEN'] ?? '') : readFileSync(file, 'utf8')).trim();
  } catch (cause) {
    throw new DomainError('invalid-usage', `token file ${file} cannot be read`, { cause });
  }
  // Printable ASCII only: anything else would be refused as a header, with its value in the message.
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token;
  const where = file === undefined ? '$SUGARBUSH_TOKEN' : file;
  throw new DomainError('invalid-usage', `no token in ${where}: one line of letters, digits and signs is wanted`);
}

export function connect(access: ServiceAccess): Service {
  const authorization = { authorization: `Bearer ${access.token}` };

  /** What the service answers; or why not, for 404. */
  async function ask(path: string, init: RequestInit): Promise<{ answer: unknown } | { missing: string }> {
    const response = await send(access, `${access.api}${path}`, {
      ...init,
      headers: {
        accept: 'application/json',
        ...authorization,
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    const text = await response.text();
    if (response.ok) return { answer: readAnswer(text, `${init.method ?? 'GET'} ${path}`) };
    const problem = problemSchema.safeParse(jsonOrUndefined(text));
    const said = problem.success ? (problem.data.detail ?? problem.data.message ?? problem.data.title ?? '') : '';
    const what = `${init.method ?? 'GET'} ${path}: ${response.status}${said === '' ? '' : ` ${said.slice(0, 500)}`}`;
    if (isTransient(response.status)) throw tryLater(what, response);
    if (response.status === 404) return { missing: what };
    const code = response.status === 401 ? 'unauthorized' : response.status === 403 ? 'forbidden' : 'upload-failed';
    throw new DomainError(code, `the service refuses: ${what}`);
  }

  /** @returns undefined for 404 */
  async function find(path: string): Promise<unknown> {
    const asked = await ask(path, {});
    return 'answer' in asked ? asked.answer : undefined;
  }

  async function call(path: string, init: RequestInit): Promise<unknown> {
    const asked = await ask(path, init);
    if ('answer' in asked) return asked.answer;
    throw new DomainError('upload-failed', `the service refuses: ${asked.missing}`);
  }

  return {
    async supportSet(searchSpace, count, targetId) {
      const path = `/v1/search-spaces/${encodeURIComponent(searchSpace)}/support-set?count=${count}`;
      const ofTarget = await find(`${path}&target=${encodeURIComponent(targetId)}`);
      return read(supportSetSchema, ofTarget ?? (await call(path, {}))).architectures;
    },
    async register(upload, idempotencyKey) {
      const body = JSON.stringify(upload);
      const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
      const {
        uploadId,
        url,
        headers: wanted,
      } = read(registeredSchema, await call('/v1/uploads', { method: 'POST', body, headers }));
      return { uploadId, place: url === undefined ? null : { url, headers: wanted } };
    },
    async status(uploadId) {
      const found = await find(`/v1/uploads/${encodeURIComponent(uploadId)}`);
      if (found === undefined) return undefined;
      const answer = read(statusSchema, found);
      const reason =
        answer.status === 'accepted'
          ? exclusions(answer)
          : answer.reason == null
            ? undefined
            : reasonText(answer.reason);
      return {
        status: answer.status,
        ...(answer.targetId == null ? {} : { targetId: answer.targetId }),
        ...(reason === undefined ? {} : { reason }),
      };
    },
    async put(place, body) {
      // fetch states the length itself.
      const { 'content-length': _, ...headers } = lowerCase(place.headers);
      const response = await send(access, place.url, {
        method: 'PUT',
        headers,
        body: body as Uint8Array<ArrayBuffer>,
      });
      await response.arrayBuffer();
      if (response.ok) return 'stored';
      if (response.status === 412) return 'exists';
      if (response.status === 403 || response.status === 400) return 'expired';
      if (isTransient(response.status) || response.status === 409)
        throw new TryLater(`the store answers ${response.status}`, { retryAfterMs: retryAfterMs(response) });
      throw new DomainError('upload-failed', `the store refuses the profile: ${response.status}`);
    },
  };
}

/** A network fault says which host, never with which headers or query. */
async function send(access: ServiceAccess, url: string, init: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(access.timeoutMs ?? 30_000);
  const signal = access.signal === undefined ? timeout : AbortSignal.any([timeout, access.signal]);
  try {
    return await fetch(url, { ...init, signal, redirect: 'error' });
  } catch (cause) {
    if (access.signal?.aborted === true) throw new DomainError('cancelled', 'stopped');
    const reason = cause instanceof Error ? describeNetworkFault(cause) : 'no connection';
    throw new TryLater(`${new URL(url).host}: ${reason}`, { concernsAll: true });
  }
}

function describeNetworkFault(error: Error): string {
  if (error.name === 'TimeoutError') return 'no answer in time';
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'string') return 'no connection';
  const isOfTime = code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED';
  return isOfTime ? `${code}: is the clock of this device right?` : code;
}

/** Of a 2xx. A login page of a network in between is no answer of the service. */
function readAnswer(text: string, what: string): unknown {
  const answer = jsonOrUndefined(text);
  if (answer !== undefined) return answer;
  throw new TryLater(`${what}: something between here and the service answers, and not in JSON`, { concernsAll: true });
}

function tryLater(what: string, response: Response): TryLater {
  const retryMs = retryAfterMs(response);
  const minutes = Math.ceil((retryMs ?? 0) / 60_000);
  const when = minutes < 2 ? '' : `; again in ${minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`}`;
  return new TryLater(`${what}${when}`, { retryAfterMs: retryMs, concernsAll: response.status === 429 });
}

function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** What was not taken of an accepted profile; undefined when all of it was. */
function exclusions({ excludedCount, excluded }: z.infer<typeof statusSchema>): string | undefined {
  if (excludedCount == null || excludedCount === 0) return undefined;
  const first = excluded?.[0] === undefined ? '' : `, the first as ${reasonText(excluded[0])}`;
  return `${excludedCount} measurements were not taken${first}`;
}

/** The reason's code and message; whatever else it is, its JSON. */
function reasonText(reason: unknown): string {
  if (typeof reason === 'string') return reason.slice(0, 1000);
  const known = z.object({ code: z.string(), message: z.string() }).safeParse(reason);
  return known.success
    ? `${known.data.code}: ${known.data.message}`.slice(0, 1000)
    : JSON.stringify(reason).slice(0, 1000);
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DomainError('upload-failed', `the service answered something else: ${parsed.error.issues[0]!.message}`);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
