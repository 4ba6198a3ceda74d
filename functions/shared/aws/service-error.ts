// What an AWS service refused, or why it gave no answer: by name, which says what to do about it.

export class AwsServiceError extends Error {
  /** The service's own code ('AccessDenied'), or the name or code of a network error ('ECONNRESET'). */
  override readonly name: string;
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  constructor(name: string, message: string, status?: number, cause?: unknown) {
    super(message, { cause });
    this.name = name;
    this.status = status;
  }
}
