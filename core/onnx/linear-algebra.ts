// Batched linear algebra for symmetric positive definite matrices, in float64: log-determinants and quadratic forms
// with closed-form gradients, so that no backward pass runs through an elimination.
import type { Tensor } from './graph-builder.ts';
import {
  add,
  concatenate,
  divide,
  logarithm,
  matmul,
  matrixTranspose,
  multiply,
  negate,
  reshape,
  slice,
  subtract,
  sum,
  transpose,
} from './operators.ts';

/** For each of N matrices A [N, n, n] (symmetric positive definite, float64) and B [N, n, r]: ln det A [N] and
 * Bᵀ A⁻¹ B [N, r, r]. Gradients: ∂ ln det A = A⁻¹; ∂ tr(Dᵀ Bᵀ A⁻¹ B) = −S D Sᵀ to A and S (D + Dᵀ) to B, S = A⁻¹ B. */
export function logDeterminantAndQuadratic(a: Tensor, b: Tensor): { logDeterminant: Tensor; quadratic: Tensor } {
  const inverse = inverseOf(a);
  const solution = matmul(inverse, b);
  const quadratic: Tensor = {
    ...matmul(matrixTranspose(b), solution),
    parents: [a, b],
    vectorJacobian: (d, [wantA, wantB]) => [
      wantA ? negate(matmul(matmul(solution, d), matrixTranspose(solution))) : null,
      wantB ? matmul(solution, add(d, matrixTranspose(d))) : null,
    ],
  };
  const logDeterminant: Tensor = {
    ...logDeterminantValue(a),
    parents: [a],
    vectorJacobian: (d) => [multiply(reshape(d, [a.shape[0]!, 1, 1]), inverse)],
  };
  return { logDeterminant, quadratic };
}

/** ONNX Runtime's batched inverse; like everything below without a gradient of its own. */
const inverseOf = (a: Tensor): Tensor =>
  a.graph.node('Inverse', [], a.shape, { constants: [a], domain: 'com.microsoft', dataType: a.dataType });

/** [N, n, n] → [N]. ONNX Runtime's Det is float32 only and overflows, so: ln det A = ln det P + ln det (R − Qᵀ P⁻¹ Q)
 * for A = [P Q; Qᵀ R], both halves in one batch of twice the size, until the blocks are small enough to eliminate. */
function logDeterminantValue(a: Tensor): Tensor {
  const [count, n] = [a.shape[0]!, a.shape[1]!];
  if (n <= 8 || n % 2 === 1) return sum(logarithm(pivots(a)), [0]);
  const half = n / 2;
  const block = (row: number, column: number): Tensor =>
    slice(slice(a, 1, row * half, (row + 1) * half), 2, column * half, (column + 1) * half);
  const [p, q, r] = [block(0, 0), block(0, 1), block(1, 1)];
  const y = matmul(inverseOf(p), q);
  // R − QᵀY with Y = P⁻¹Q would be as wrong as Y is; with − Yᵀ(Q − PY) added, an error in Y enters only squared.
  const correction = matmul(matrixTranspose(y), subtract(q, matmul(p, y)));
  const schur = subtract(subtract(r, matmul(matrixTranspose(q), y)), correction);
  return sum(reshape(logDeterminantValue(concatenate([p, schur], 0)), [2, count]), [0]);
}

/** Pivots [n, N] of symmetric elimination. The batch stands last, so that every step is a few long vector operations:
 * the trailing (n−k)² block loses the outer product of its first row, divided by the pivot. */
function pivots(a: Tensor): Tensor {
  let block = transpose(a, [1, 2, 0]);
  const found: Tensor[] = [];
  for (let left = a.shape[1]!; left > 0; left--) {
    const row = slice(block, 0, 0, 1);
    const pivot = slice(row, 1, 0, 1);
    found.push(reshape(pivot, [1, a.shape[0]!]));
    if (left === 1) break;
    const below = slice(block, 0, 1, left);
    const product = multiply(slice(below, 1, 0, 1), divide(slice(row, 1, 1, left), pivot));
    block = subtract(slice(below, 1, 1, left), product);
  }
  return concatenate(found, 0);
}
