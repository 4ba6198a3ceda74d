// How much time has passed, for what is kept in memory for a while: never less than really has, whatever happens to the
// machine's clock. The monotonic clock does not follow a clock that is set; it may stand still while Lambda has the
// process frozen, and there the other one tells.

/** ms since any moment. */
type Clock = () => number;

/** Clocks agree within this, but for a freeze and for a clock that is set. */
const toleranceMs = 1000;

/** A clock that never goes back and counts what the wall clock jumps ahead: a clock that is set forward makes things
 * in memory look older than they are, and one that is set back changes nothing. */
export function elapsedClock(wallMs: Clock, monotonicMs: Clock): Clock {
  let difference = wallMs() - monotonicMs();
  let skippedMs = 0;
  return () => {
    const nowMs = monotonicMs();
    const present = wallMs() - nowMs;
    if (present > difference + toleranceMs) skippedMs += present - difference;
    if (Math.abs(present - difference) > toleranceMs) difference = present;
    return nowMs + skippedMs;
  };
}

/** The one of this process. */
export const elapsedMs = elapsedClock(
  () => Date.now(),
  () => performance.now(),
);
