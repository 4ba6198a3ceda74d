// Log-determinants and quadratic forms against vectors computed in higher precision, ill-conditioned matrices included.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GraphBuilder } from '#core/onnx/graph-builder.ts';
import { logDeterminantAndQuadratic } from '#core/onnx/linear-algebra.ts';
import { reshape } from '#core/onnx/operators.ts';
import { expectClose } from './finite-differences.ts';
import { runOnce } from './run-graph.ts';

interface Case {
  readonly x: number[][];
  readonly b: number[][];
  readonly exponent: number;
  readonly condition: number;
  readonly logDeterminant: number;
  readonly quadratic: number[][];
}

const path = new URL('../../../fixtures/reference/linear-algebra.json', import.meta.url);
const cases = (JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }).cases;

/** I + XᵀX · 2^exponent: integers times a power of two, exact. */
function matrixOf({ x, exponent }: Case): number[] {
  const n = x[0]!.length;
  return Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (i === j ? 1 : 0) + x.reduce((total, row) => total + row[i]! * row[j]!, 0) * 2 ** exponent;
  });
}

async function evaluate(batch: readonly Case[]) {
  const n = batch[0]!.b.length;
  const r = batch[0]!.b[0]!.length;
  const graph = new GraphBuilder();
  const a = graph.input('a', [batch.length, n, n], 'float64');
  const b = graph.input('b', [batch.length, n, r], 'float64');
  const { logDeterminant, quadratic } = logDeterminantAndQuadratic(a, b);
  graph.output(logDeterminant, 'logDeterminant');
  graph.output(reshape(quadratic, [batch.length * r * r]), 'quadratic');
  const out = await runOnce(graph, {
    a: { data: Float64Array.from(batch.flatMap(matrixOf)), shape: a.shape },
    b: { data: Float64Array.from(batch.flatMap((c) => c.b.flat())), shape: b.shape },
  });
  return { logDeterminant: out['logDeterminant']!, quadratic: out['quadratic']! };
}

/** A backward stable method in float64 may lose the condition number times a few rounding units: 8 on x86-64 and 11 on
 * 64-bit ARM, whose kernels add in another order. */
const toleranceOf = (condition: number): number => Math.max(1e-13, 16 * condition * 2 ** -53);

test.each(cases)('n $b.length, condition $condition', async (each) => {
  const { logDeterminant, quadratic } = await evaluate([each]);
  expectClose(logDeterminant, [each.logDeterminant], toleranceOf(each.condition));
  expectClose(quadratic, each.quadratic.flat(), toleranceOf(each.condition));
});

test('a batch gives each matrix what it gets alone', async () => {
  const batch = cases.filter((c) => c.b.length === 32 && c.b[0]!.length === 2);
  expect(batch.length).toBeGreaterThan(2);
  const together = await evaluate(batch);
  for (const [i, each] of batch.entries()) {
    const alone = await evaluate([each]);
    expect(together.logDeterminant[i]).toBe(alone.logDeterminant[0]);
    expect(together.quadratic.subarray(4 * i, 4 * i + 4)).toEqual(alone.quadratic);
  }
});

test('a determinant far past the range of float64 has its logarithm', async () => {
  const n = 64;
  const graph = new GraphBuilder();
  const diagonal = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1e12 : 0));
  const a = graph.input('a', [1, n, n], 'float64');
  graph.output(logDeterminantAndQuadratic(a, graph.input('b', [1, n, 1], 'float64')).logDeterminant, 'out');
  const feeds = { a: { data: diagonal, shape: [1, n, n] } };
  const out = await runOnce(graph, { ...feeds, b: { data: new Float64Array(n), shape: [1, n, 1] } });
  expectClose(out['out']!, [n * Math.log(1e12)], 1e-14);
});
