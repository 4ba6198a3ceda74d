// The time of the embedded stack, by which the store, the schedules and the functions go. It starts from the machine's
// clock and from there follows time itself: a clock that is set back or forward meanwhile changes nothing. Between two
// runs it never goes back: how far it came is kept in the state folder. A token that has expired stays so.
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from './durable-file.ts';
import { isDiskFull, sayDiskFull } from './full-disk.ts';

const keptSchema = z.strictObject({ reachedMs: z.int().nonnegative() });

/** How often the two clocks are compared and the time is written down: a kill forgets as much at most. */
const everyMs = 60_000;
/** A difference from the machine's clock that a person is told of. */
const saidFromMs = 60_000;
/** Between the time since the machine started, whose steps may be whole seconds, and the monotonic clock. */
const toleranceMs = 1500;

export interface StackClock {
  /** ms since the epoch, whole. */
  readonly now: () => number;
  /** ms since the epoch when the machine started, by this clock: other processes of the machine reckon from it. */
  readonly startedMs: number;
  /** Writes down how far the time has come. */
  close(): void;
}

/** The clock of a state folder, with what it said before.
 * @throws the file system's own error where the time cannot be written down, but for a full disk */
export function openStackClock(stateDir: string): StackClock {
  const file = join(stateDir, 'clock.json');
  const wallMs = Date.now();
  const reachedMs = readReached(file);
  if (reachedMs - wallMs > saidFromMs) {
    console.error(
      `stack: the clock of this machine says ${textOf(wallMs)}, and the state was last used at ${textOf(reachedMs)}: ` +
        `time goes on from there. If that was a wrong clock, stop, delete '${file}' and start again.`,
    );
  }
  const startedMs = Math.max(wallMs, reachedMs) - uptimeMs();
  const now = sinceStart(startedMs);
  let saidMs = 0;
  const compare = (): void => {
    const aheadMs = Date.now() - now();
    if (Math.abs(aheadMs - saidMs) < saidFromMs) return;
    saidMs = aheadMs;
    const by = `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
    console.error(`stack: the clock of this machine is ${by} the stack's, which goes on until it is started again.`);
  };
  const save = (): void => {
    try {
      writeDurably(file, JSON.stringify({ reachedMs: now() }));
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      sayDiskFull('How far the time came is written down later.');
    }
  };
  if (reachedMs > wallMs) saidMs = wallMs - reachedMs;
  save();
  const timer = setInterval(() => {
    compare();
    save();
  }, everyMs).unref();
  return {
    now,
    startedMs,
    close: () => {
      clearInterval(timer);
      save();
    },
  };
}

/** The time since the machine started goes on while it sleeps, unlike the monotonic clock, and is not set with the
 * clock. In between, the monotonic clock gives the milliseconds. The same is in lambda/bootstrap.mjs. */
function sinceStart(startedMs: number): () => number {
  let comparedMs = Number.NEGATIVE_INFINITY;
  let offsetMs = Number.NEGATIVE_INFINITY;
  return () => {
    const monotonicMs = performance.now();
    if (monotonicMs - comparedMs >= 1000) {
      comparedMs = monotonicMs;
      const presentMs = uptimeMs() - monotonicMs;
      if (presentMs > offsetMs + toleranceMs) offsetMs = presentMs;
    }
    return Math.floor(startedMs + offsetMs + monotonicMs);
  };
}

const uptimeMs = (): number => uptime() * 1000;
const textOf = (ms: number): string => new Date(ms).toISOString();

/** 0 where nothing is kept: the machine's clock is then all there is. */
function readReached(file: string): number {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).reachedMs;
  } catch {
    return 0;
  }
}
