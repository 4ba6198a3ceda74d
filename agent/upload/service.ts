// The service as this device sees it: four calls over HTTPS with the device token. The token and signed addresses go
// nowhere else: into no message, no file and no log.
import { readFileSync } from 'node:fs';
import { apiClient, type ClientPorts, type ReplyOf } from '#client/client.ts';
import { ApiError } from '#client/errors.ts';
import type { Stored, UploadPlace } from '#client/put-upload.ts';
import type { Retry, RetryRule } from '#client/retry.ts';
import { searchSpaceOperations } from '#contract/search-spaces.ts';
import { uploadOperations } from '#contract/uploads.ts';
import { DomainError } from '#core/errors.ts';
import { exclusionText } from '#core/intake/exclusion-text.ts';
import type { Workload } from '#core/search-space/workload.ts';

/** Calls wait out what may pass. @throws UnreachableError, or ApiError that may pass, when that was of no use;
 * DomainError `unauthorized` or `forbidden` when the service refuses this device, `upload-failed` when it refuses the
 * call */
export interface Service {
  /** What to measure next on the target, best first; of a target that the service does not know, what a new one starts
   * with.
   * @param standard whether standard networks may be among it */
  supportSet(workload: Workload, count: number, targetId: string, standard: boolean): Promise<Suggested>;
  /** The same key gives the same upload again. */
  register(upload: UploadRequest, idempotencyKey: string): Promise<AnnouncedUpload>;
  /** undefined: the service does not know such an upload (any more). */
  status(uploadId: string): Promise<UploadStatus | undefined>;
  put(place: UploadPlace, body: Uint8Array): Promise<Stored>;
}

/** What a service says is worth measuring. */
export interface Suggested {
  readonly architectures: readonly string[];
  /** Hashes of the graphs of standard networks. */
  readonly standard: readonly string[];
}

export interface UploadRequest {
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface AnnouncedUpload {
  readonly uploadId: string;
  /** null: the upload is finished already. */
  readonly place: UploadPlace | null;
}

export interface UploadStatus {
  readonly status: 'waiting' | 'accepted' | 'quarantined';
  readonly targetId?: string;
  /** Why it was quarantined; or, of an accepted one, which measurements were not taken. */
  readonly reason?: string;
}

export interface ServiceAccess {
  readonly api: string;
  readonly token: string;
  readonly signal?: AbortSignal;
  /** Told before each pause. */
  readonly onRetry?: (retry: Retry) => void;
  readonly retry?: RetryRule;
  /** For tests. */
  readonly ports?: Partial<ClientPorts>;
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
  const where = file === undefined ? '$SUGARBUSH_TOKEN and no --token-file' : file;
  throw new DomainError(
    'invalid-usage',
    `no token in ${where}: one line of letters, digits and signs is wanted, ` +
      "which the service's operator gets by enrolling the device (POST /v1/devices, docs/ingest.md)",
  );
}

/** The service as the agent needs it, with the device's token. Nothing is sent before the first call. */
export function connect(access: ServiceAccess): Service {
  const client = apiClient({ ...access, operations: { ...searchSpaceOperations, ...uploadOperations } });
  return {
    async supportSet({ searchSpace: id, inputSize, batchSize }, count, target, standard) {
      const query = {
        ...{ count, batchSize },
        ...(inputSize !== null && { inputSize }),
        ...(standard && { standard: 'true' as const }),
      };
      const ofTarget = await found(client.call('supportSet', { path: { id }, query: { ...query, target } }));
      const { architectures, networks = [] } =
        ofTarget ?? (await accepted(client.call('supportSet', { path: { id }, query })));
      return {
        architectures,
        standard: networks.flatMap((each) => (each.kind === 'standard' ? [each.model] : [])),
      };
    },
    async register(body, idempotencyKey) {
      const registered = await accepted(client.call('registerUpload', { body, idempotencyKey }));
      const { uploadId, status, url, headers } = registered;
      return { uploadId, place: status === 'waiting' ? { url, headers } : null };
    },
    async status(id) {
      const upload = await found(client.call('showUpload', { path: { id } }));
      if (upload === undefined) return undefined;
      const { status, targetId, reason: refused } = upload;
      const reason = status === 'quarantined' ? refused && reasonText(refused) : exclusions(upload);
      return { status, ...(targetId !== null && { targetId }), ...(reason != null && { reason }) };
    },
    put: (place, body) => accepted(client.putUpload(place, body)),
  };
}

/** Says of a refusal what it means for this device. */
async function accepted<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'unexpected-reply') {
      throw new DomainError('upload-failed', error.message, { cause: error });
    }
    if (!(error instanceof ApiError) || error.mayPass) throw error;
    const code = error.status === 401 ? 'unauthorized' : error.status === 403 ? 'forbidden' : 'upload-failed';
    throw new DomainError(code, `the service refuses: ${error.message}`, { cause: error });
  }
}

/** @returns undefined for what there is not */
async function found<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await accepted(call);
  } catch (error) {
    const { cause } = error as Error;
    if (cause instanceof ApiError && cause.status === 404) return undefined;
    throw error;
  }
}

/** What was not taken of an accepted profile; undefined when all of it was. */
function exclusions({ excludedCount, excluded }: ReplyOf<typeof uploadOperations.showUpload>): string | undefined {
  if (excludedCount === null || excludedCount === 0) return undefined;
  if (excluded.length === 0) return `${excludedCount} measurements were not taken`;
  const which = excluded.length < excludedCount ? ` (of the first ${excluded.length})` : '';
  return `${excludedCount} measurements were not taken${which}: ${exclusionText(excluded)}`.slice(0, 1000);
}

function reasonText({ code, message }: { readonly code: string; readonly message: string }): string {
  return `${code}: ${message}`.slice(0, 1000);
}
