// What a latency can be at all, so that sums, products and exponentials of latencies stay finite: from a millionth of a
// millisecond to twelve days. What is plausible of a device that uploads is narrower, and an acceptance rule.

/** Inclusive. */
export const latencyRangeMs = { low: 1e-6, high: 1e9 } as const;

/** Whether it is a number in that range. */
export const isLatencyMs = (ms: number): boolean => ms >= latencyRangeMs.low && ms <= latencyRangeMs.high;

/** The range in words, for refusals. */
export const allowedLatency = `allowed: ${latencyRangeMs.low} to ${latencyRangeMs.high} ms`;
