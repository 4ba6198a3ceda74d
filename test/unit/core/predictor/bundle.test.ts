// The two files of a predictor: the same numbers in another process, and nothing damaged, foreign or mixed up answers.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { adaptChecked } from '#core/predictor/adaptation/checked-adaptation.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { bundleHash, loadPredictor, type PredictorBundle, sha256 } from '#core/predictor/bundle.ts';
import { featureDimension } from '#core/predictor/hypotheses.ts';
import { encodeParameters, type PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import { architectures, measured, space, trainTiny, workload } from '../tiny-service.ts';
import type { Question } from './forward-process.ts';

const { bundle } = await trainTiny(3);
const json = (): PredictorParameters => JSON.parse(new TextDecoder().decode(bundle.json)) as PredictorParameters;
const heads = 4;

test('a second process gives the same numbers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-predictor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'predictor.onnx'), bundle.onnx);
  writeFileSync(join(folder, 'predictor.json'), bundle.json);
  const known = measured('server', 6);
  const asked = architectures.slice(20, 60);
  const question: Question = {
    workload,
    architectures: asked.map((a) => space.format(a)),
    measured: known.map(({ architecture, latencyMs }) => ({ architecture: space.format(architecture), latencyMs })),
  };
  const script = fileURLToPath(new URL('./forward-process.ts', import.meta.url));
  const output = execFileSync(process.execPath, [script, folder], {
    input: JSON.stringify(question),
    encoding: 'utf8',
  });
  const answer = JSON.parse(output) as { identity: unknown; plain: number[][] };

  const predictor = await loadPredictor(bundle);
  const forward = await predictor.forward([{ workload, architectures: asked }]);
  const adaptation = await adaptChecked(predictor, known);
  const { latencyMs, lowMs, highMs } = predictLatencies(adaptation, predictor.parameters.lowerings, forward);
  await predictor.close();
  expect(answer.identity).toEqual({ version: bundleHash(bundle).slice(0, 16), hash: bundleHash(bundle) });
  for (const [i, own] of [forward.lnMean, forward.phi, latencyMs, lowMs, highMs].entries()) {
    expect(answer.plain[i]!.length).toBe(own.length);
    own.forEach((value, j) => {
      expect(Math.abs(answer.plain[i]![j]! - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value) + 1e-9);
    });
  }
});

test('rows are answered independently, in the order of the sets, under the heads asked for', async () => {
  const predictor = await loadPredictor(bundle);
  const [one, other] = [architectures[5]!, architectures[9]!];
  const large = { ...workload, batchSize: 32 };
  const forward = await predictor.forward([
    { workload, architectures: [one, other, one] },
    { workload: large, architectures: [other] },
  ]);
  expect([forward.count, forward.lnMean.length, forward.phi.length]).toEqual([
    4,
    4 * heads,
    4 * heads * featureDimension,
  ]);
  const row = (of: typeof forward, i: number) => [
    ...of.lnMean.subarray(heads * i, heads * (i + 1)),
    ...of.phi.subarray(heads * featureDimension * i, heads * featureDimension * (i + 1)),
  ];
  const alone = await predictor.forward([{ workload: large, architectures: [other] }]);
  expect(row(forward, 2)).toEqual(row(forward, 0));
  expect(row(forward, 1)).not.toEqual(row(forward, 0));
  expect(row(forward, 3)).toEqual(row(alone, 0));
  expect(row(forward, 3)).not.toEqual(row(forward, 1));
  const some = await predictor.forward([{ workload, architectures: [one] }], [3, 1]);
  expect([...some.lnMean]).toEqual([forward.lnMean[3], forward.lnMean[1]]);
  expect(some.heads).toEqual([3, 1]);
  expect(await predictor.forward([])).toMatchObject({ count: 0 });
  await predictor.close();
});

test('the hash changes with every byte of either file', () => {
  const flipped = (bytes: Uint8Array) => bytes.with(10, bytes[10]! ^ 1);
  const hashes = [bundle, { ...bundle, onnx: flipped(bundle.onnx) }, { ...bundle, json: flipped(bundle.json) }].map(
    bundleHash,
  );
  expect(new Set(hashes).size).toBe(3);
});

type Lineage = PredictorParameters['lineage'];

describe('refused with invalid-predictor', () => {
  const changed = (change: (parameters: Record<string, unknown>) => void): PredictorBundle => {
    const parameters = json() as unknown as Record<string, unknown>;
    change(parameters);
    return { onnx: bundle.onnx, json: encodeParameters(parameters as unknown as PredictorParameters) };
  };
  const text = (value: string): PredictorBundle => ({ onnx: bundle.onnx, json: new TextEncoder().encode(value) });
  /** A file that the JSON vouches for. */
  const vouched = (onnx: Uint8Array): PredictorBundle => ({
    onnx,
    json: encodeParameters({ ...json(), network: { sha256: sha256(onnx) } }),
  });
  const { onnx } = bundle;
  const middle = onnx.length >> 1;

  const refused: Readonly<Record<string, readonly [() => PredictorBundle, RegExp]>> = {
    'a flipped bit among the weights': [
      () => ({ ...bundle, onnx: onnx.with(middle, onnx[middle]! ^ 4) }),
      /predictor.onnx \(\d+ bytes, SHA-256 [0-9a-f]{64}\) is damaged or of another predictor/,
    ],
    'a truncated network': [() => ({ ...bundle, onnx: onnx.slice(0, -1) }), /is damaged or of another predictor/],
    'an empty network': [() => ({ ...bundle, onnx: new Uint8Array() }), /is damaged or of another predictor/],
    'a network that ONNX Runtime does not load': [
      () => vouched(onnx.slice(0, middle)),
      /ONNX Runtime cannot load the model/,
    ],
    'no network at all': [() => vouched(new TextEncoder().encode('<html>')), /ONNX Runtime cannot load the model/],
    'truncated parameters': [() => ({ onnx, json: bundle.json.slice(0, -20) }), /predictor.json is not JSON/],
    'empty parameters': [() => text(''), /predictor.json is not JSON/],
    'parameters that are a list': [() => text('[]'), /predictor.json is not valid/],
    'another format': [() => changed((p) => Object.assign(p, { format: 'pickle' })), /is not valid.*format/s],
    'another version of the format': [() => changed((p) => Object.assign(p, { formatVersion: 1 })), /formatVersion/],
    'an unknown field': [() => changed((p) => Object.assign(p, { temperature: 1 })), /temperature/],
    'a missing field': [() => changed((p) => delete p['logPriors']), /logPriors/],
    'a number that is none': [
      () => changed((p) => Object.assign(p, { logPriors: [[null]] })),
      /expected a list of finite numbers.*logPriors/s,
    ],
    'a target learned from without its measurements': [
      () => changed((p) => Object.assign((p['lineage'] as Lineage).groups[0]!, { targets: [{ id: 'phone' }] })),
      /expected a list of ids of targets.*targets/s,
    ],
    'a target learned from with more than that': [
      () =>
        changed((p) =>
          Object.assign((p['lineage'] as Lineage).groups[0]!, { targets: [{ id: 'phone', measurements: 1, of: 2 }] }),
        ),
      /expected a list of ids of targets.*targets/s,
    ],
    'half a measurement': [
      () =>
        changed((p) =>
          Object.assign((p['lineage'] as Lineage).groups[0]!, { targets: [{ id: 'phone', measurements: 0.5 }] }),
        ),
      /expected a list of ids of targets.*targets/s,
    ],
    'a target learned from that is none': [
      () => changed((p) => Object.assign((p['lineage'] as Lineage).groups[0]!, { targets: [null] })),
      /expected a list of ids of targets.*targets/s,
    ],
    'an unknown lowering': [() => changed((p) => Object.assign(p, { lowerings: ['eager', 'magic'] })), /lowerings/],
    'other features': [
      () => changed((p) => Object.assign(p, { features: { count: 64, schemaId: 'a'.repeat(64) } })),
      /describes 64 features, schema a{64}; this version has \d+ features, schema [0-9a-f]{64}: retrain it/,
    ],
    'normalisation of other features': [
      () => changed((p) => Object.assign(p, { normalisation: { mean: [0], deviation: [1] } })),
      /normalises 1 and 1 features, not \d+/,
    ],
    'other noise levels': [() => changed((p) => Object.assign(p, { noiseLevels: [0.1] })), /has noise levels/],
    'another feature dimension': [() => changed((p) => Object.assign(p, { featureDimension: 16 })), /dimension/],
    'log priors of another shape': [
      () => changed((p) => Object.assign(p, { logPriors: [[0], [0], [0]] })),
      /log priors of another shape than 4 heads × 5 noise levels/,
    ],
  };
  for (const [name, [make, message]] of Object.entries(refused)) {
    test(name, async () => {
      await expect(loadPredictor(make())).rejects.toMatchObject({
        name: 'DomainError',
        code: 'invalid-predictor',
        message: expect.stringMatching(message),
      });
    });
  }

  test('the network of another predictor', async () => {
    const { bundle: other } = await trainTiny(4);
    await expect(loadPredictor({ onnx: other.onnx, json: bundle.json })).rejects.toMatchObject({
      code: 'invalid-predictor',
      message: expect.stringContaining('is damaged or of another predictor'),
    });
  });
});
