// From a descriptor's counters to an adaptation, under the predictor that comes with the project.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { operatorNetworks } from '#core/descriptor/operator-networks.ts';
import { adaptChecked } from '#core/predictor/adaptation/checked-adaptation.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { type CountedTarget, learnCounterMap } from '#core/predictor/operators/counter-prior.ts';
import { encodeParameters, parseParameters } from '#core/predictor/predictor-parameters.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const data = (name: string) => readFileSync(new URL(`../../../../../data/${name}`, import.meta.url));
const bundle = { onnx: data('predictor/predictor.onnx'), json: data('predictor/predictor.json') };
const profileOf = (name: string) =>
  anyProfileSchema.parse(JSON.parse(gunzipSync(data(`fleet/${name}.json.gz`)).toString('utf8')));

const { workloads, measurements, descriptor } = profileOf('onnxruntime-all-t1');
const measured = measurements.slice(0, 2).map(({ architecture, latency }) => ({
  workload: workloads[0]!,
  architecture: searchSpace('nasbench201').parse(architecture),
  latencyMs: latency.medianMs,
}));
const described = { runtime: 'onnxruntime', operators: operatorNetworks(descriptor!).slice(0, 4) };

test('without map or counters a target is adapted bit for bit as before; with both its prior moves', async () => {
  // Known targets would have a say while so few networks are measured.
  const { counters: shipped, centres: _known, ...uncounted } = parseParameters(bundle.json);
  expect(shipped).toBeDefined();
  const plain = await loadPredictor({ ...bundle, json: encodeParameters(uncounted) });
  const before = await adaptChecked(plain, measured, null, described);
  expect(await adaptChecked(plain, measured, null, { ...described, descriptor: descriptor! })).toEqual(before);

  // Prices that go with whether one or two threads are busy.
  const targets = ['disabled', 'extended', 'all'].flatMap((level) =>
    [1, 2].map((threads): CountedTarget => {
      const weights = new Float64Array(P).fill(threads === 1 ? 0.2 : -0.2);
      const runtime = `onnxruntime ${level}`;
      return {
        runtime,
        descriptor: profileOf(`onnxruntime-${level}-t${threads}`).descriptor!,
        weights: [weights, weights],
      };
    }),
  );
  const { map } = learnCounterMap(targets);
  const json = encodeParameters({ ...plain.parameters, counters: map! });
  const moving = await loadPredictor({ ...bundle, json });
  expect(moving.parameters.counters).toEqual(map);
  const { predictorHash: _, ...rest } = await adaptChecked(moving, measured, null, described);
  const { predictorHash: __, ...restBefore } = before;
  expect(rest).toEqual(restBefore);
  const moved = await adaptChecked(moving, measured, null, { ...described, descriptor: descriptor! });
  const [first] = moved.heads;
  expect(first!.priorMean).toHaveLength(P);
  // One thread: the mean is positive, and 0 where the posterior states w itself.
  first!.priorMean!.forEach((mean, p) => {
    if (first!.coordinates.includes(p)) expect(mean).toBe(0);
    else expect(mean).toBeGreaterThan(0.05);
  });
  await Promise.all([plain.close(), moving.close()]);
}, 120_000);
