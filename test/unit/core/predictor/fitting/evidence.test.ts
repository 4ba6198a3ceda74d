// The training loss against the same evidence in plain TypeScript (core/predictor/posterior.ts, itself tested against
// the Python reference), and its gradient against central differences.
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '#core/onnx/graph-builder.ts';
import { posteriorOf, supportSystem } from '#core/predictor/adaptation/posterior.ts';
import { negativeLogEvidence, networkSums, stepLoss } from '#core/predictor/fitting/evidence-graph.ts';
import { noiseLevels, featureDimension as P } from '#core/predictor/hypotheses.ts';
import { seededRandom } from '#core/random.ts';
import { checkGradients, expectClose } from '../../onnx/finite-differences.ts';
import { runOnce } from '../../onnx/run-graph.ts';

const [H, M, B, V] = [2, 9, 3, noiseLevels.length];
const random = seededRandom(5);
const normals = (count: number, scale = 1) => Float64Array.from({ length: count }, () => scale * random.normal());
const logits = normals(H * V);
const lnMean = normals(H * M, 0.4);
const phi = normals(H * M * P, 0.05);
const lnLatency = normals(B * M, 0.4);

/** Negative log evidence [H, B] of the first `rows` networks; what pads behind them is zero, as networkSums leaves
 * it. */
async function evidenceOf(rows: number): Promise<Float64Array> {
  const graph = new GraphBuilder();
  const here = (i: number): boolean => i % M < rows;
  const input = (name: string, shape: number[]) => graph.input(name, shape, 'float64');
  const out = negativeLogEvidence(
    { lnMean: input('lnMean', [H, M]), phi: input('phi', [H, M, P]) },
    { lnLatency: input('lnLatency', [B, M]), present: input('present', [M]), noiseLogits: input('logits', [H, V]) },
  );
  graph.output(out, 'out');
  const results = await runOnce(graph, {
    lnMean: { data: lnMean.map((v, i) => (here(i) ? v : 0)), shape: [H, M] },
    phi: { data: phi.map((v, i) => (here(Math.floor(i / P)) ? v : 0)), shape: [H, M, P] },
    lnLatency: { data: lnLatency, shape: [B, M] },
    present: { data: Float64Array.from({ length: M }, (_, i) => (here(i) ? 1 : 0)), shape: [M] },
    logits: { data: logits, shape: [H, V] },
  });
  return results['out']!;
}

function expectedEvidence(h: number, b: number, rows: number): number {
  const system = supportSystem({
    phi: phi.slice(h * M * P, (h * M + rows) * P),
    lnMean: lnMean.slice(h * M, h * M + rows),
    lnLatency: lnLatency.slice(b * M, b * M + rows),
  });
  const own = [...logits.slice(h * V, (h + 1) * V)];
  const normaliser = Math.log(own.reduce((sum, l) => sum + Math.exp(l), 0));
  const joint = noiseLevels.map((sigma, v) => posteriorOf(sigma, system, 0, 'even').lnEvidence + own[v]! - normaliser);
  const most = Math.max(...joint);
  return -(most + Math.log(joint.reduce((sum, j) => sum + Math.exp(j - most), 0))) / rows;
}

test.each([M, M - 4])(
  'devices that share their networks have the evidence that each has alone: %i networks',
  async (rows) => {
    const expected = [0, 1].flatMap((h) => [0, 1, 2].map((b) => expectedEvidence(h, b, rows)));
    expectClose(await evidenceOf(rows), expected, 1e-8);
  },
);

test('networks are sums over their kernels', async () => {
  // Two kernels with μ = 1 and 3 (their mean ln is taken off), two networks with 2 + 1 and 0 + 4 launches, one absent.
  const [L, networks, U] = [1, 3, 2];
  const graph = new GraphBuilder();
  const psi = Float64Array.from({ length: U * P }, (_, i) => (i === 0 ? 0.5 : i === P ? -1 : 0));
  const sums = networkSums(
    [{ lnMean: graph.input('ln', [U, 1], 'float64'), psi: graph.input('psi', [U, P], 'float64') }],
    [graph.input('counts', [L * networks, U], 'float64')],
    graph.input('present', [networks], 'float64'),
  );
  graph.output(sums.lnMean, 'lnMean');
  graph.output(sums.phi, 'phi');
  const { lnMean: ln, phi: features } = await runOnce(graph, {
    ln: { data: Float64Array.of(0, Math.log(3)), shape: [U, 1] },
    psi: { data: psi, shape: [U, P] },
    counts: { data: Float64Array.of(2, 1, 0, 4, 0, 0), shape: [networks, U] },
    present: { data: Float64Array.of(1, 1, 0), shape: [networks] },
  });
  const centre = Math.log(3) / 2;
  expectClose(ln!, [Math.log(5) - centre, Math.log(12) - centre, 0], 1e-12);
  expectClose(
    Float64Array.from([0, 1, 2], (i) => features![i * P]!),
    [(2 * 0.5 + 3 * -1) / 5, -1, 0],
    1e-12,
  );
});

describe('the gradient of the loss', () => {
  const U = 3;
  const networks = 4;
  const counts = Float64Array.of(1, 2, 0, 0, 1, 3, 2, 2, 1, 4, 0, 1);

  test('with respect to prices and noise levels, as central differences', async () => {
    // The scale's own curvature is left out of the gradient by design (a share of order 1/n): weights of 0 on the pool
    // and the tolerance allow for it.
    await checkGradients({
      shapes: [
        [U, 1],
        [U, P],
        [U, 1],
        [U, P],
        [2, V],
      ],
      range: [-0.3, 0.3],
      step: 1e-4,
      tolerance: 2e-2,
      apply: (lnMean0, psi0, lnMean1, psi1, noiseLogits) => {
        const { graph } = lnMean0!;
        const present = graph.constant(new Float64Array(networks).fill(1), [networks]);
        const lnLatencies = graph.constant(Float64Array.of(0.1, 0.6, 0.9, 0.2, -0.4, 0.3, 0.5, -0.1), [2, networks]);
        return stepLoss(
          [
            { lnMean: lnMean0!, psi: psi0! },
            { lnMean: lnMean1!, psi: psi1! },
          ],
          {
            counts: [graph.constant(counts, [networks, U]), graph.constant(counts.toReversed(), [networks, U])],
            lnLatency: lnLatencies,
            present,
            noiseLogits: noiseLogits!,
          },
          graph.constant(Float64Array.of(0.2, 0.2, 0, 0.5), [2, 2]),
          0.8,
        );
      },
    });
  }, 120_000);
});

test('a device with networks that nothing explains costs a bounded loss', async () => {
  const graph = new GraphBuilder();
  const [U, networks] = [1, 12];
  const wild = Float64Array.from({ length: networks }, (_, i) => (i % 2 === 0 ? 12 : -12));
  const constant = (data: Float64Array, shape: number[]) => graph.constant(data, shape);
  const prices = { lnMean: constant(Float64Array.of(0), [U, 1]), psi: constant(new Float64Array(P), [U, P]) };
  const loss = stepLoss(
    [prices, prices],
    {
      counts: [0, 1].map(() => constant(new Float64Array(networks).fill(1), [networks, U])),
      lnLatency: constant(wild, [1, networks]),
      present: constant(new Float64Array(networks).fill(1), [networks]),
      noiseLogits: constant(new Float64Array(2 * V), [2, V]),
    },
    constant(Float64Array.of(0, 0), [2, 1]),
    1,
  );
  graph.output(loss, 'loss');
  expect((await runOnce(graph))['loss']![0]).toBe(6);
});
