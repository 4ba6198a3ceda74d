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

/** x with Σ weightᵢ P(N(meanᵢ, deviationᵢ²) ≤ x) = p, to 1e-7; `z` is normalQuantile(p). Newton's method from the
 * quantile of the normal with the mixture's moments, kept inside the components' own quantiles, which bound it. */
export function mixtureQuantile(
  p: number,
  z: number,
  weights: Float64Array,
  means: Float64Array,
  deviations: Float64Array,
): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let mean = 0;
  let square = 0;
  for (let i = 0; i < weights.length; i++) {
    const m = means[i]!;
    const s = deviations[i]!;
    const own = m + z * s;
    if (own < low) low = own;
    if (own > high) high = own;
    mean += weights[i]! * m;
    square += weights[i]! * (m * m + s * s);
  }
  let x = mean + z * Math.sqrt(Math.max(square - mean * mean, 0));
  for (let round = 0; round < 60 && high - low > 1e-7; round++) {
    if (!(x > low && x < high)) x = (low + high) / 2;
    let excess = -p;
    let density = 0;
    for (let i = 0; i < weights.length; i++) {
      const s = deviations[i]!;
      const standard = (x - means[i]!) / s;
      excess += weights[i]! * normalCdf(standard);
      density += (weights[i]! * 0.3989422804014327 * Math.exp(-0.5 * standard * standard)) / s;
    }
    if (excess < 0) low = x;
    else high = x;
    const step = excess / density;
    if (Math.abs(step) < 1e-7) return x - step;
    x -= step;
  }
  return x;
}
