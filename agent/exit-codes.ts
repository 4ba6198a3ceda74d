// What the agent's exit codes mean: documented in docs/measuring.md, so that scripts and systemd can rely on them.
import { ApiError } from '#client/errors.ts';
import type { DomainError } from '#core/errors.ts';

export const exitCodes = {
  /** Done, nothing to add. */
  ok: 0,
  /** A fault of the agent. */
  internal: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Done, with limits: doctor has advice; a profile has gaps or values that never settled. */
  limited: 3,
  /** Nothing could be measured: no runtime, or every network failed. */
  cannotMeasure: 4,
  /** A profile was quarantined by the service; its reason was printed. */
  quarantined: 5,
  /** The service could not be reached or has not answered yet; profiles wait in the spool. */
  waiting: 6,
  /** The service refuses this device: token missing, expired, revoked or of another role. */
  refused: 7,
  /** The disk is full, or a file or folder cannot be written. */
  storage: 8,
  /** Stopped by a signal. */
  stopped: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code of the agent for an error, by its code; what the service refuses for now is worth waiting. */
export function exitCodeOf(error: DomainError): ExitCode {
  // What the service refuses for now.
  if (error instanceof ApiError) return exitCodes.waiting;
  switch (error.code) {
    case 'invalid-usage':
    case 'invalid-request':
    case 'invalid-architecture':
    case 'unknown-search-space':
      return exitCodes.usage;
    case 'program-missing':
    case 'program-failed':
    case 'program-timeout':
    case 'program-output':
      return exitCodes.cannotMeasure;
    case 'unauthorized':
    case 'forbidden':
      return exitCodes.refused;
    case 'upload-failed':
    case 'unreachable':
      return exitCodes.waiting;
    case 'storage-failed':
      return exitCodes.storage;
    case 'cancelled':
      return exitCodes.stopped;
    default:
      return exitCodes.internal;
  }
}
