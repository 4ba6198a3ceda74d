// S3's error answers: the code, its HTTP status and the extra elements that stand in the XML beside the message.
// Codes and statuses: Amazon S3 API Reference, "Error responses"; S3 itself is never full, and a disk is (507).

const statusOfCode = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  IncompleteBody: 400,
  InsufficientStorage: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidRequest: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedTrailerError: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  UnexpectedContent: 400,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3ErrorCode = keyof typeof statusOfCode;

interface Injected {
  readonly status: number;
  readonly code: string;
}

export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly status: number;
  /** One of `S3ErrorCode`, or whatever an injected fault names. */
  readonly code: string;
  /** Further elements of the XML answer, such as `Key` or `Expires`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message: string, details: Readonly<Record<string, string>> = {}, injected?: Injected) {
    super(message);
    this.code = injected?.code ?? code;
    this.status = injected?.status ?? statusOfCode[code];
    this.details = details;
  }

  /** An error that was asked for by a test, of any status and code. */
  static injected(status: number, code: string): S3Error {
    return new S3Error('InternalError', 'An injected fault.', {}, { status, code });
  }
}

/** What this endpoint does not do, said so instead of ignored. */
export function notImplemented(what: string): S3Error {
  return new S3Error(
    'NotImplemented',
    `A header or parameter you provided implies functionality that is not implemented: ${what}`,
  );
}
