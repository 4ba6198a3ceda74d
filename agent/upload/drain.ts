// Brings every waiting profile to its end: registered, stored, accepted or quarantined. Faults that pass are waited out
// with growing, random pauses; where it was, it goes on.
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#core/errors.ts';
import { type RegisteredUpload, type Service, TryLater } from './service.ts';
import type { Spool, Spooled, UploadProgress } from './spool.ts';

export interface DrainRule {
  /** Attempts at one call before the profile is left for later. */
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long to ask for the verdict. */
  readonly verdictMs: number;
  readonly pollMs: number;
}

export const defaultDrainRule: DrainRule = {
  attempts: 6,
  firstPauseMs: 1000,
  longestPauseMs: 60_000,
  verdictMs: 120_000,
  pollMs: 1000,
};

export type Outcome =
  | { readonly sha256: string; readonly outcome: 'accepted'; readonly targetId?: string; readonly reason?: string }
  | { readonly sha256: string; readonly outcome: 'quarantined' | 'waiting'; readonly reason: string };

export interface DrainPorts {
  readonly spool: Spool;
  readonly service: Service;
  readonly rule: DrainRule;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onEvent: (text: string) => void;
  /** As soon as it is known: a later profile may end it all. */
  readonly onOutcome?: (outcome: Outcome) => void;
  readonly signal?: AbortSignal;
}

/** @throws DomainError `unauthorized` or `forbidden` when the service refuses this device: the rest waits too. */
export async function drain(ports: DrainPorts): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let away: TryLater | undefined;
  for (const spooled of ports.spool.pending()) {
    const brought = away ?? (await bring(spooled, ports));
    if (brought instanceof TryLater && brought.concernsAll) away = brought;
    const outcome: Outcome =
      brought instanceof TryLater ? { sha256: spooled.sha256, outcome: 'waiting', reason: brought.message } : brought;
    outcomes.push(outcome);
    ports.onOutcome?.(outcome);
  }
  return outcomes;
}

async function bring(spooled: Spooled, ports: DrainPorts): Promise<Outcome | TryLater> {
  try {
    return await deliver(spooled, ports);
  } catch (error) {
    if (error instanceof TryLater) return error;
    if (error instanceof DomainError && error.code === 'upload-failed') {
      return { sha256: spooled.sha256, outcome: 'waiting', reason: error.message };
    }
    throw error;
  }
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
    const stored = place === null ? 'exists' : await patiently(ports, 'upload', () => service.put(place, spooled.body));
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

function register(spooled: Spooled, progress: UploadProgress, ports: DrainPorts): Promise<RegisteredUpload> {
  const { sha256, body, searchSpace } = spooled;
  const request = { sizeBytes: body.byteLength, sha256, searchSpace };
  return patiently(ports, 'register', () => ports.service.register(request, `profile-${sha256}-${progress.attempt}`));
}

async function verdict(uploadId: string, sha256: string, ports: DrainPorts): Promise<Outcome | 'waiting' | 'unknown'> {
  const answer = await patiently(ports, 'status', () => ports.service.status(uploadId));
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

/** Retries what may work later, unless it is asked to wait for longer than its longest pause, with exponential pauses and full jitter (Brooker, Exponential Backoff and Jitter, AWS
 * Architecture Blog 2015). */
async function patiently<T>(ports: DrainPorts, what: string, call: () => Promise<T>): Promise<T> {
  const { attempts, firstPauseMs, longestPauseMs } = ports.rule;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TryLater) || attempt >= attempts) throw error;
      if (error.retryAfterMs !== undefined && error.retryAfterMs > longestPauseMs) throw error;
      const most = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
      const pauseMs = Math.max(error.retryAfterMs ?? 0, ports.random() * most);
      ports.onEvent(`${what}: ${error.message}; again in ${(pauseMs / 1000).toFixed(1)} s`);
      await pause(pauseMs, ports);
    }
  }
}

async function pause(ms: number, ports: DrainPorts): Promise<void> {
  try {
    await sleep(ms, undefined, ports.signal === undefined ? {} : { signal: ports.signal });
  } catch (cause) {
    throw new DomainError('cancelled', 'stopped', { cause });
  }
}
