// The training loss against the Python reference, its gradient against central differences, and the same evidence in
// plain TypeScript (posterior.ts). All three leave out −(n/2) ln 2π and nothing else, so they agree without a constant.
import { describe, expect, test } from 'vitest';
import { gradients } from '#core/onnx/gradient.ts';
import { GraphBuilder } from '#core/onnx/graph-builder.ts';
import { slice } from '#core/onnx/operators.ts';
import { headRows } from '#core/predictor/adaptation/adaptation.ts';
import { posteriorOf, supportSystem } from '#core/predictor/adaptation/posterior.ts';
import { type EpisodeTensors, episodeLoss, negativeLogEvidence } from '#core/predictor/fitting/evidence-graph.ts';
import { heads, noiseLevels } from '#core/predictor/hypotheses.ts';
import { checkGradients, expectClose } from '../../onnx/finite-differences.ts';
import { runOnce, type Values } from '../../onnx/run-graph.ts';
import {
  noiseLogits,
  type ReferenceTarget,
  range,
  reference,
  referenceForward,
  referenceParameters,
} from '../reference.ts';

const [H, V, M] = [heads.length, noiseLevels.length, 64];

/** One device an evidence case: the same target, ever more rows present of M. */
function episodesOf(target: ReferenceTarget, logits: readonly (readonly number[])[]) {
  const forward = referenceForward(target.phiScale, range(0, M));
  const B = target.evidence.length;
  const repeated = (values: ArrayLike<number>) => range(0, B).flatMap(() => Array.from(values));
  return {
    lnMean: { data: Float64Array.from(repeated(forward.lnMean)), shape: [B * M, 2] },
    phi: { data: Float64Array.from(repeated(forward.phi)), shape: [B * M, H * 32] },
    // What stands where nothing was measured must not matter.
    lnLatency: {
      data: Float64Array.from(
        target.evidence.flatMap(({ rows }) =>
          range(0, M).map((i) => (i < rows ? Math.log(target.latencyMs[i]!) : 0.5)),
        ),
      ),
      shape: [B, M],
    },
    present: {
      data: Float64Array.from(target.evidence.flatMap(({ rows }) => range(0, M).map((i) => (i < rows ? 1 : 0)))),
      shape: [B, M],
    },
    noiseLogits: { data: Float64Array.from(logits.flat()), shape: [H, V] },
  } satisfies Record<keyof EpisodeTensors, Values>;
}
type EpisodeValues = ReturnType<typeof episodesOf>;

function inputsOf(graph: GraphBuilder, values: EpisodeValues, dataType: 'float32' | 'float64'): EpisodeTensors {
  const entries = Object.entries(values).map(([name, { shape }]) => [name, graph.input(name, shape, dataType)]);
  return Object.fromEntries(entries) as unknown as EpisodeTensors;
}

const asFloat32 = (values: Record<string, Values>): Record<string, Values> =>
  Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => [
      name,
      { data: Float32Array.from(data as Float64Array), shape },
    ]),
  );

/** Negative log evidence [heads, devices]. */
async function evidenceOf(values: EpisodeValues, dataType: 'float32' | 'float64' = 'float64') {
  const graph = new GraphBuilder();
  graph.output(negativeLogEvidence(inputsOf(graph, values, dataType)), 'out');
  return (await runOnce(graph, dataType === 'float32' ? asFloat32(values) : values))['out']!;
}

const byHead = (rows: readonly number[][]): number[] => range(0, H).flatMap((h) => rows.map((own) => own[h]!));

describe.each(reference.targets)('$name', (target) => {
  test('mixed over the noise levels, as the reference', async () => {
    const expected = byHead(target.evidence.map((e) => e.mixed));
    expectClose(await evidenceOf(episodesOf(target, noiseLogits)), expected, 1e-7);
  });

  test('in float32, as trained, within rounding', async () => {
    const expected = byHead(target.evidence.map((e) => e.mixed));
    expectClose(await evidenceOf(episodesOf(target, noiseLogits), 'float32'), expected, 1e-4);
  });

  test.each(range(0, V))('noise level %i alone, as the reference', async (level) => {
    const only = range(0, H).map(() => range(0, V).map((v) => (v === level ? 0 : -1e12)));
    const expected = byHead(target.evidence.map((e) => e.alone.map((levels) => levels[level]!)));
    expectClose(await evidenceOf(episodesOf(target, only)), expected, 1e-7);
  });

  test('posterior.ts states the same evidence of every hypothesis', () => {
    for (const { rows, alone } of target.evidence) {
      const forward = referenceForward(target.phiScale, range(0, rows));
      const lnLatency = Float64Array.from(target.latencyMs.slice(0, rows), Math.log);
      for (const [h, { kind }] of heads.entries()) {
        const support = supportSystem({ ...headRows(referenceParameters, forward, h), lnLatency });
        for (const [v, sigma] of noiseLevels.entries()) {
          const { lnEvidence } = posteriorOf(kind, sigma, support, 0, 'even');
          expectClose(Float64Array.of(-lnEvidence / rows), [alone[h]![v]!], 1e-9);
        }
      }
    }
  });
});

/** Six measurements of one device, as tensors of `graph` but for lnMean, phi and the logits. */
const firstSix = reference.targets.map((target) => ({
  target,
  lnLatency: Float64Array.from(target.latencyMs.slice(0, 6), Math.log),
  forward: referenceForward(target.phiScale, range(0, 6)),
}));

test.each(firstSix)('gradients as by autograd through the reference: $target.name', async ({ target, ...device }) => {
  const graph = new GraphBuilder();
  const input = (name: string, shape: number[]) => graph.input(name, shape, 'float64');
  const [lnMean, phi, logits] = [input('lnMean', [6, 2]), input('phi', [6, H * 32]), input('logits', [H, V])];
  const losses = negativeLogEvidence({
    lnMean,
    phi,
    noiseLogits: logits,
    lnLatency: graph.constant(device.lnLatency, [1, 6]),
    present: graph.constant(new Float64Array(6).fill(1), [1, 6]),
  });
  const names = ['lnMean', 'phi', 'noiseLogits'] as const;
  gradients(losses, [lnMean, phi, logits]).forEach((flow, i) => {
    graph.output(flow, `d_${names[i]}`);
  });
  const out = await runOnce(graph, {
    lnMean: { data: Float64Array.from(device.forward.lnMean), shape: lnMean.shape },
    phi: { data: Float64Array.from(device.forward.phi), shape: phi.shape },
    logits: { data: Float64Array.from(noiseLogits.flat()), shape: logits.shape },
  });
  for (const name of names) expectClose(out[`d_${name}`]!, target.gradient[name], 1e-6);
});

test('gradients of the logarithmic head, exact as they are, equal central differences', async () => {
  const { lnLatency, forward } = firstSix[1]!;
  await checkGradients({
    shapes: [
      [6, 2],
      [6, H * 32],
      [H, V],
    ],
    // At the smaller noise levels, terms of 1/σ² cancel, and differences would be those of their rounding.
    at: [[...forward.lnMean], [...forward.phi], range(0, H).flatMap(() => [-9, -8, -7, 0.5, 1])],
    apply: (lnMean, phi, logits) => {
      const { graph } = lnMean!;
      const losses = negativeLogEvidence({
        lnMean: lnMean!,
        phi: phi!,
        noiseLogits: logits!,
        lnLatency: graph.constant(lnLatency, [2, 3]),
        // The second device has two measurements only.
        present: graph.constant(Float64Array.of(1, 1, 1, 1, 0, 1), [2, 3]),
      });
      return slice(losses, 0, 1, 2);
    },
    step: 1e-4,
    tolerance: 1e-6,
  });
});

describe('the loss of a batch', () => {
  const target = reference.targets[3]!;
  const cases = target.evidence;
  const simulated = Float32Array.of(0, 1, 0, 1, 1);

  async function lossOf(mixture: number): Promise<number> {
    const values = episodesOf(target, noiseLogits);
    const graph = new GraphBuilder();
    const flags = graph.input('simulated', [cases.length]);
    const loss = episodeLoss(inputsOf(graph, values, 'float32'), flags, mixture);
    expect(loss.shape).toEqual([]);
    expect(loss.dataType).toBe('float32');
    graph.output(loss, 'loss');
    const feeds = { ...asFloat32(values), simulated: { data: simulated, shape: [cases.length] } };
    return (await runOnce(graph, feeds))['loss']![0]!;
  }

  /** From the reference's evidence: heads 0 and 1 mixed with equal weight, or each alone; none costs more than 5. */
  function expected(mixture: number): number {
    const losses = cases.map(({ mixed, rows }, device) => {
      const [linear, logarithmic, broad] = mixed as [number, number, number];
      const least = Math.min(linear, logarithmic) * rows;
      const together = least - Math.log(Math.exp(least - linear * rows) + Math.exp(least - logarithmic * rows));
      const real =
        mixture * Math.min(together / rows, 5) + ((1 - mixture) * (Math.min(linear, 5) + Math.min(logarithmic, 5))) / 2;
      return real + (simulated[device]! * Math.min(broad, 5)) / 2;
    });
    return losses.reduce((a, b) => a + b, 0) / losses.length;
  }

  test('the case is one where the bound matters', () => {
    expect(cases.some(({ mixed }) => mixed[1]! > 5)).toBe(true);
  });

  test.each([0, 1, 0.25])('mixture %d', async (mixture) => {
    expect(await lossOf(mixture)).toBeCloseTo(expected(mixture), 4);
  });
});
