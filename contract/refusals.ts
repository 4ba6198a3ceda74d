// The status that each code of a refusal has.
import type { ErrorCode } from '#core/errors.ts';

/** Any other code is a fault of the service: 500. */
export const refusalStatuses = {
  'invalid-request': 400,
  'invalid-architecture': 400,
  'invalid-model': 400,
  unauthorized: 401,
  forbidden: 403,
  'unknown-search-space': 404,
  'unknown-target': 404,
  'not-found': 404,
  conflict: 409,
  'precondition-failed': 409,
  'too-many-architectures': 413,
  'body-too-large': 413,
  'unsupported-encoding': 415,
  'too-few-measurements': 422,
  'unbound-dimension': 422,
  'unsupported-model': 422,
  'quota-exceeded': 429,
  'not-ready': 503,
  'storage-full': 507,
} as const satisfies Partial<Record<ErrorCode, number>>;
export type RefusalCode = keyof typeof refusalStatuses;
