// The standard normal distribution: distribution function and its inverse.

/** P(Z ≤ x). Absolute error below 1e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17). */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = series * 0.3989422804014327 * Math.exp(-0.5 * x * x);
  return x >= 0 ? 1 - tail : tail;
}

/** x with P(Z ≤ x) = p, for p in (0, 1), by bisection on the distribution function. */
export function normalQuantile(p: number): number {
  let low = -10;
  let high = 10;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
