// The standard normal distribution: distribution function, its inverse, and quantiles of mixtures of normals.

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

/** x with Σ weightᵢ P(N(meanᵢ, deviationᵢ²) ≤ x) = p; `z` is normalQuantile(p). Every component's own quantile bounds
 * the mixture's, so false position between the outermost two always converges. */
export function mixtureQuantile(
  p: number,
  z: number,
  weights: Float64Array,
  means: Float64Array,
  deviations: Float64Array,
): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < weights.length; i++) {
    const own = means[i]! + z * deviations[i]!;
    low = Math.min(low, own);
    high = Math.max(high, own);
  }
  if (high - low < 1e-9) return low;
  const excess = (x: number): number => {
    let total = -p;
    for (let i = 0; i < weights.length; i++) total += weights[i]! * normalCdf((x - means[i]!) / deviations[i]!);
    return total;
  };
  let atLow = excess(low);
  let atHigh = excess(high);
  let x = low;
  for (let round = 0; round < 40 && high - low > 1e-6; round++) {
    x = round % 3 === 2 ? (low + high) / 2 : low + ((high - low) * -atLow) / (atHigh - atLow || 1);
    if (!(x > low && x < high)) x = (low + high) / 2;
    const at = excess(x);
    if (Math.abs(at) < 1e-6) return x;
    if (at < 0) {
      low = x;
      atLow = at;
    } else {
      high = x;
      atHigh = at;
    }
  }
  return x;
}
