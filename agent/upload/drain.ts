// Brings every waiting profile to its end: registered, stored, accepted or quarantined. Faults that pass are waited out
// by the client; where it was, it goes on.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, concernsEveryCall, UnreachableError } from '#client/errors.ts';
import { DomainError } from '#core/errors.ts';
import type { AnnouncedUpload, Service } from './service.ts';
import type { Spool, Spooled, UploadProgress } from './spool.ts';

export interface DrainRule {
  /** How long to ask for the verdict. */
  readonly verdictMs: number;
  readonly pollMs: number;
}

export const defaultDrainRule: DrainRule = { verdictMs: 120_000, pollMs: 1000 };

export type Outcome =
  | { readonly sha256: string; readonly outcome: 'accepted'; readonly targetId?: string; readonly reason?: string }
  | { readonly sha256: string; readonly outcome: 'quarantined' | 'waiting'; readonly reason: string };

export interface DrainPorts {
  readonly spool: Spool;
  readonly service: Service;
  readonly rule: DrainRule;
  readonly onEvent: (text: string) => void;
  /** As soon as it is known: a later profile may end it all. */
  readonly onOutcome?: (outcome: Outcome) => void;
  readonly signal?: AbortSignal;
}

/** @throws DomainError `unauthorized` or `forbidden` when the service refuses this device: the rest waits too. */
export async function drain(ports: DrainPorts): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let away: string | undefined;
  for (const spooled of ports.spool.pending()) {
    const { sha256 } = spooled;
    const outcome: Outcome =
      away === undefined
        ? await bring(spooled, ports, (reason) => {
            away = reason;
          })
        : { sha256, outcome: 'waiting', reason: away };
    outcomes.push(outcome);
    ports.onOutcome?.(outcome);
  }
  return outcomes;
}

/** @param onAway told why, when no other profile could be brought now either */
async function bring(spooled: Spooled, ports: DrainPorts, onAway: (reason: string) => void): Promise<Outcome> {
  try {
    return await deliver(spooled, ports);
  } catch (error) {
    if (!isForLater(error)) throw error;
    if (concernsEveryCall(error)) onAway(error.message);
    return { sha256: spooled.sha256, outcome: 'waiting', reason: error.message };
  }
}

function isForLater(error: unknown): error is DomainError {
  return (
    error instanceof UnreachableError ||
    error instanceof ApiError ||
    (error instanceof DomainError && error.code === 'upload-failed')
  );
}

async function deliver(spooled: Spooled, ports: DrainPorts): Promise<Outcome> {
  const { sha256 } = spooled;
  const { spool, service } = ports;
  let progress = spooled.progress;
  const advance = (next: UploadProgress): void => {
    progress = next;
    spool.advance(sha256, next);
  };

  // Registered before, by a run that was cut off: it may be further than what was written down.
  if (progress.uploadId !== undefined) {
    const known = await verdict(progress.uploadId, sha256, ports);
    if (known === 'unknown') advance({ attempt: progress.attempt + 1, stored: false });
    else if (known !== 'waiting') return known;
  }
  for (let refusals = 0; !progress.stored; ) {
    const { uploadId, place } = await register(spooled, progress, ports);
    if (uploadId !== progress.uploadId) advance({ ...progress, uploadId });
    const stored = place === null ? 'exists' : await service.put(place, spooled.body);
    if (stored !== 'expired') advance({ ...progress, stored: true });
    else if (++refusals >= 5) throw new DomainError('upload-failed', 'the store refuses every address it was given');
    // Registered again under the same key, it gets a fresh address; if that is refused too, under a new one.
    else if (refusals > 1) advance({ attempt: progress.attempt + 1, stored: false });
  }
  ports.onEvent(`${sha256.slice(0, 12)}: uploaded, waiting for the verdict`);
  // Not the time of day, which is set right once a device has the network.
  const deadline = performance.now() + ports.rule.verdictMs;
  for (let pauseMs = ports.rule.pollMs; ; pauseMs = Math.min(pauseMs * 1.5, 10_000)) {
    const known = await verdict(progress.uploadId!, sha256, ports);
    if (known === 'unknown') return { sha256, outcome: 'waiting', reason: 'the service does not know the upload' };
    if (known !== 'waiting') return known;
    if (performance.now() + pauseMs > deadline) return { sha256, outcome: 'waiting', reason: 'no verdict yet' };
    await pause(pauseMs, ports);
  }
}

function register(spooled: Spooled, progress: UploadProgress, ports: DrainPorts): Promise<AnnouncedUpload> {
  const { sha256, body } = spooled;
  const request = { sizeBytes: body.byteLength, sha256 };
  return ports.service.register(request, `profile-${sha256}-${progress.attempt}`);
}

async function verdict(uploadId: string, sha256: string, ports: DrainPorts): Promise<Outcome | 'waiting' | 'unknown'> {
  const answer = await ports.service.status(uploadId);
  if (answer === undefined) return 'unknown';
  if (answer.status === 'waiting') return 'waiting';
  if (answer.status === 'accepted') {
    const target = answer.targetId === undefined ? {} : { targetId: answer.targetId };
    ports.spool.accept(sha256, { uploadId, ...target });
    return {
      sha256,
      outcome: 'accepted',
      ...target,
      ...(answer.reason === undefined ? {} : { reason: answer.reason }),
    };
  }
  const reason = answer.reason ?? 'no reason given';
  ports.spool.quarantine(sha256, reason);
  return { sha256, outcome: 'quarantined', reason };
}

async function pause(ms: number, ports: DrainPorts): Promise<void> {
  try {
    await sleep(ms, undefined, ports.signal === undefined ? {} : { signal: ports.signal });
  } catch (cause) {
    throw new DomainError('cancelled', 'stopped', { cause });
  }
}
