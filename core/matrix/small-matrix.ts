// Dense float64 algebra for the few dozen dimensions of an adaptation: row-major Float64Array, no allocation tricks.
// They are inner loops of prediction and adaptation, so they stay free of a matrix class.

/** Lower Cholesky factor of a symmetric positive definite n × n matrix. @throws RangeError when it is not. */
export function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) rest -= lower[i * n + k]! * lower[j * n + k]!;
      if (i === j) {
        if (!(rest > 0)) throw new RangeError(`matrix is not positive definite (pivot ${i} is ${rest})`);
        lower[i * n + i] = Math.sqrt(rest);
      } else lower[i * n + j] = rest / lower[j * n + j]!;
    }
  }
  return lower;
}

/** ln det of L Lᵀ. */
export function logDeterminantOf(lower: Float64Array, n: number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += 2 * Math.log(lower[i * n + i]!);
  return total;
}

/** x with L x = b. */
export function solveLower(lower: Float64Array, n: number, b: Float64Array): Float64Array {
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let rest = b[i]!;
    for (let k = 0; k < i; k++) rest -= lower[i * n + k]! * x[k]!;
    x[i] = rest / lower[i * n + i]!;
  }
  return x;
}

/** x with Lᵀ x = b. */
export function solveUpper(lower: Float64Array, n: number, b: Float64Array): Float64Array {
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let rest = b[i]!;
    for (let k = i + 1; k < n; k++) rest -= lower[k * n + i]! * x[k]!;
    x[i] = rest / lower[i * n + i]!;
  }
  return x;
}

/** x with L Lᵀ x = b. */
export const solveCholesky = (lower: Float64Array, n: number, b: Float64Array): Float64Array =>
  solveUpper(lower, n, solveLower(lower, n, b));

/** L⁻¹, lower triangular. */
export function invertLower(lower: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    for (let i = column; i < n; i++) {
      let rest = i === column ? 1 : 0;
      for (let k = column; k < i; k++) rest -= lower[i * n + k]! * inverse[k * n + column]!;
      inverse[i * n + column] = rest / lower[i * n + i]!;
    }
  }
  return inverse;
}

/** Σ aᵢ bᵢ over the length of a. */
export function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}
