// How fine the clock is that latencies are measured with.

/** Smallest step between readings of a monotonic clock, in ns, looked for during 2 ms of that clock and seen at least
 * once: however long the process is held up, it is a whole number from 1.
 * @param nowNs the clock */
export function clockStepNs(nowNs: () => bigint): number {
  const endNs = nowNs() + 2_000_000n;
  let step: bigint | undefined;
  let now: bigint;
  do {
    const before = nowNs();
    now = nowNs();
    while (now === before) now = nowNs();
    if (step === undefined || now - before < step) step = now - before;
  } while (now < endNs);
  return Number(step);
}
