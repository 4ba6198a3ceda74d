// The one error of the domain: a stable code, a sentence with what, where, value and what is allowed, and the issues
// a caller can fix. Adapters translate it (HTTP status, exit code); the domain never knows where it is shown.

export interface Issue {
  /** Where, as a JSON-pointer-like path: `architectures/17`, `target`. Empty for the whole input. */
  readonly path: string;
  readonly message: string;
}

/** Stable codes: they are part of the API and are only ever added to. */
export type ErrorCode =
  | 'invalid-request'
  | 'invalid-architecture'
  | 'invalid-model'
  | 'unsupported-model'
  | 'unbound-dimension'
  | 'invalid-table'
  | 'invalid-predictor'
  | 'invalid-targets'
  | 'unknown-search-space'
  | 'unknown-target'
  | 'not-found'
  | 'not-ready'
  | 'too-many-architectures'
  | 'too-few-measurements'
  | 'body-too-large'
  | 'unsupported-encoding'
  | 'unauthorized'
  | 'forbidden'
  | 'conflict'
  | 'precondition-failed'
  | 'quota-exceeded'
  | 'cancelled'
  | 'training-failed'
  | 'invalid-usage'
  | 'program-missing'
  | 'program-failed'
  | 'program-timeout'
  | 'program-output'
  | 'upload-failed'
  | 'unreachable'
  | 'unexpected-reply'
  | 'storage-failed'
  | 'storage-full'
  | 'internal';

export class DomainError extends Error {
  override readonly name: string = 'DomainError';
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, message: string, options: { issues?: readonly Issue[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
  }
}
