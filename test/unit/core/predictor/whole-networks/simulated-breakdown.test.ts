// Breakdowns of simulated devices, where what each kind of kernel takes is known: the shipped predictor, ten measured
// networks each, with noise of 1 %.
import { expect, test } from 'vitest';
import { readShippedPredictor } from '#cli/start/read-shipped-predictor.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { standardised } from '#core/predictor/fitting/price-network.ts';
import { runShare, simulatePrices } from '#core/predictor/fitting/simulate-device.ts';
import { isRunConstant, kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import { loweringsOf } from '#core/predictor/whole-networks/breakdown.ts';
import { type CostKind, costsByKind } from '#core/predictor/whole-networks/costs.ts';
import { priceNetworkOf } from '#core/predictor/whole-networks/launched-network.ts';
import { predictNetwork } from '#core/predictor/whole-networks/predict-network.ts';
import { seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { median } from '#core/statistics/quantile.ts';

const [devices, measured, tested] = [16, 10, 4];
const space = searchSpace('fbnet');
const workload = { searchSpace: space.id, inputSize: 224, batchSize: 1 };

test('parts are near what they take, and their intervals cover at about their rate', { timeout: 120_000 }, async () => {
  const predictor = await loadPredictor((await readShippedPredictor()).bundle);
  const { parameters, identity } = predictor;
  const random = seededRandom(11);
  const architectures = Array.from({ length: measured + tested }, () => space.sample(random));
  const forward = await predictor.forward([{ workload, architectures }]);
  const rows = forward.launches!.map((own) => own.rows[parameters.lowerings.indexOf('fused')]!);
  const used = [...new Set(rows.flatMap(({ kernels }) => [...kernels]))];
  const kernels = used.map((k) => forward.launches![0]!.kernels![k]!);
  const features = standardised(Float32Array.from(kernels.flatMap((kernel) => kernelFeatures(kernel))), {
    mean: Float32Array.from(parameters.normalisation.mean),
    deviation: Float32Array.from(parameters.normalisation.deviation),
  });
  const launches = Float64Array.from(used, (k) =>
    rows.reduce((sum, row) => sum + (row.counts[row.kernels.indexOf(k)] ?? 0) / rows.length, 0),
  );
  const differences: number[] = [];
  const covered: boolean[] = [];
  const wholeCovered: boolean[] = [];
  for (let device = 0; device < devices; device++) {
    const own = seededRandom(500 + device);
    const prices = simulatePrices(own, { kernels, features, batch: 1 }, launches);
    const typical = prices.reduce((sum, price, k) => sum + price * launches[k]!, 0);
    prices[kernels.findIndex(isRunConstant)] = runShare(own) * typical;
    const truths = rows.map((row) => {
      const byKind = new Map<CostKind, number>();
      row.kernels.forEach((k, j) => {
        const at = used.indexOf(k);
        const kind = isRunConstant(kernels[at]!) ? 'run' : kernels[at]!.kind;
        byKind.set(kind, (byKind.get(kind) ?? 0) + row.counts[j]! * prices[at]!);
      });
      return byKind;
    });
    const totals = truths.map((truth) => [...truth.values()].reduce((a, b) => a + b, 0));
    const latencyMs = Float64Array.from(totals.slice(0, measured), (ms) => ms * Math.exp(0.01 * own.normal()));
    const support = forwardRows(forward, [...latencyMs.keys()]);
    const adaptation = adaptCalibrated(parameters, identity.hash, support, latencyMs);
    for (let i = measured; i < measured + tested; i++) {
      const { graph } = describeNetwork(space, architectures[i]!, workload);
      const network = await priceNetworkOf(predictor, graph, loweringsOf([adaptation]));
      const predicted = predictNetwork(parameters, adaptation, network);
      const costs = costsByKind(network, predicted, adaptation);
      expect(costs.reduce((sum, { varianceShare }) => sum + varianceShare!, 0)).toBeCloseTo(1, 4);
      wholeCovered.push(predicted.lowMs <= totals[i]! && totals[i]! <= predicted.highMs);
      for (const { kind, ms, lowMs, highMs } of costs) {
        const truth = truths[i]!.get(kind) ?? 0;
        differences.push(Math.abs(ms / predicted.latencyMs - truth / totals[i]!));
        // What is next to nothing has no interval in ln ms.
        if (truth > 0.01 * totals[i]!) covered.push(lowMs! <= truth && truth <= highMs!);
      }
    }
  }
  await predictor.close();
  const rate = (all: readonly boolean[]): number => all.filter(Boolean).length / all.length;
  expect(covered.length).toBeGreaterThan(300);
  // Of intervals of 90 %: a simulated kernel in thirty is an outlier, which its kind's interval knows nothing of.
  expect(rate(covered)).toBeGreaterThan(0.75);
  expect(rate(covered)).toBeLessThan(0.97);
  expect(rate(wholeCovered)).toBeGreaterThan(0.85);
  expect(mean(differences)).toBeLessThan(0.07);
  expect(median(differences)).toBeLessThan(0.04);
});

const mean = (values: readonly number[]): number => values.reduce((sum, own) => sum + own, 0) / values.length;
