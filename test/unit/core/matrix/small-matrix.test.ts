// Dense algebra of a few dozen dimensions: a case by hand, and that factors and solutions multiply back.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cholesky,
  dot,
  invertLower,
  logDeterminantOf,
  solveCholesky,
  solveLower,
  solveUpper,
} from '#core/matrix/small-matrix.ts';

const of = (...values: number[]) => Float64Array.from(values);
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 9): void => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, digits);
};
const multiply = (a: Float64Array, b: Float64Array, n: number): Float64Array =>
  Float64Array.from({ length: a.length === b.length ? n * n : n }, (_, at) => {
    const columns = b.length / n;
    const [i, j] = [Math.floor(at / columns), at % columns];
    let total = 0;
    for (let k = 0; k < n; k++) total += a[i * n + k]! * b[k * columns + j]!;
    return total;
  });
const transposed = (a: Float64Array, n: number): Float64Array =>
  a.map((_, at) => a[(at % n) * n + Math.floor(at / n)]!);

test('a matrix of three by hand', () => {
  // L = [2 0 0; 6 1 0; −8 5 3], A = L Lᵀ (the textbook example).
  const a = of(4, 12, -16, 12, 37, -43, -16, -43, 98);
  const lower = cholesky(a, 3);
  close(lower, of(2, 0, 0, 6, 1, 0, -8, 5, 3));
  expect(logDeterminantOf(lower, 3)).toBeCloseTo(Math.log(36), 12);
  close(solveLower(lower, 3, of(2, 7, 0)), of(1, 1, 1));
  close(solveUpper(lower, 3, of(0, 6, 3)), of(1, 1, 1));
  close(solveCholesky(lower, 3, multiply(a, of(1, -2, 3), 3)), of(1, -2, 3));
  close(invertLower(lower, 3), of(0.5, 0, 0, -3, 1, 0, 19 / 3, -5 / 3, 1 / 3));
  expect(dot(of(1, 2, 3), of(4, -5, 6))).toBe(12);
});

test('factors and solutions of any positive definite matrix multiply back', () => {
  const size = fc.integer({ min: 1, max: 8 }).chain((n) =>
    fc.record({
      n: fc.constant(n),
      root: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n * n, maxLength: n * n }),
      b: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n, maxLength: n }),
    }),
  );
  fc.assert(
    fc.property(size, ({ n, root, b }) => {
      const r = Float64Array.from(root);
      const a = multiply(r, transposed(r, n), n);
      for (let i = 0; i < n; i++) a[i * n + i]! += 0.5;
      const lower = cholesky(a, n);
      close(multiply(lower, transposed(lower, n), n), a);
      close(multiply(a, solveCholesky(lower, n, of(...b)), n), b, 7);
      const product = multiply(lower, invertLower(lower, n), n);
      close(
        product,
        product.map((_, at) => (at % (n + 1) === 0 ? 1 : 0)),
        8,
      );
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('a matrix that is not positive definite is refused', () => {
  expect(() => cholesky(of(1, 2, 2, 1), 2)).toThrow(/not positive definite \(pivot 1 is -3\)/);
  expect(() => cholesky(of(Number.NaN), 1)).toThrow(RangeError);
});
