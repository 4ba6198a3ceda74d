// The two files of a predictor: the same numbers in another process, and nothing damaged, foreign or mixed up answers.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { adaptChecked } from '#core/predictor/adaptation/checked-adaptation.ts';
import { predict } from '#core/predictor/adaptation/posterior-predictive.ts';
import {
  bundleHash,
  encodeParameters,
  loadPredictor,
  type PredictorBundle,
  type PredictorParameters,
  sha256,
} from '#core/predictor/bundle.ts';
import { fit as train } from '#core/predictor/fitting/fit-predictor.ts';
import type { Question } from './forward-process.ts';
import { shippedPool } from './shipped-table.ts';

const pool = shippedPool('nasbench201', ['1080ti_1', 'pixel3'], 100);
const bundle = await train({ ...pool, seed: 3, steps: 30 });
const json = (): PredictorParameters => JSON.parse(new TextDecoder().decode(bundle.json)) as PredictorParameters;

test('a second process gives the same numbers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-predictor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'predictor.onnx'), bundle.onnx);
  writeFileSync(join(folder, 'predictor.json'), bundle.json);
  const { space, architectures, targets } = pool;
  const measured = [3, 14, 15, 92, 65, 35].map((row) => ({
    architecture: architectures[row]!,
    latencyMs: targets[1]!.latencyMs[row]!,
  }));
  const question: Question = {
    architectures: architectures.slice(20, 60).map((a) => space.format(a)),
    measured: measured.map((m) => ({ ...m, architecture: space.format(m.architecture) })),
  };
  const script = fileURLToPath(new URL('./forward-process.ts', import.meta.url));
  const output = execFileSync(process.execPath, [script, folder], {
    input: JSON.stringify(question),
    encoding: 'utf8',
  });
  const answer = JSON.parse(output) as { identity: unknown; plain: number[][] };

  const predictor = await loadPredictor(bundle);
  const forward = await predictor.forward(architectures.slice(20, 60));
  const { latencyMs, lowMs, highMs } = predict(await adaptChecked(predictor, measured), forward);
  await predictor.close();
  expect(answer.identity).toEqual({
    searchSpace: 'nasbench201',
    version: bundleHash(bundle).slice(0, 16),
    hash: bundleHash(bundle),
  });
  for (const [i, own] of [forward.lnMean, forward.phi, latencyMs, lowMs, highMs].entries()) {
    expect(answer.plain[i]!.length).toBe(own.length);
    own.forEach((value, j) => {
      expect(Math.abs(answer.plain[i]![j]! - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value));
    });
  }
});

test('rows are answered independently, however many there are', async () => {
  const predictor = await loadPredictor(bundle);
  const [one, other] = [pool.architectures[5]!, pool.architectures[9]!];
  const many = Array.from({ length: 4100 }, (_, i) => (i % 3 === 0 ? one : other));
  const forward = await predictor.forward(many);
  const alone = await predictor.forward([one]);
  expect([forward.count, forward.lnMean.length, forward.phi.length]).toEqual([4100, 8200, 4100 * 96]);
  const row = (i: number) => [
    ...forward.lnMean.subarray(2 * i, 2 * i + 2),
    ...forward.phi.subarray(96 * i, 96 * i + 96),
  ];
  for (const i of [0, 3, 4095, 4098]) {
    row(i).forEach((value, j) => {
      expect(value).toBeCloseTo([...alone.lnMean, ...alone.phi][j]!, 5);
    });
  }
  expect(row(1)).not.toEqual(row(0));
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
    'a later version of the format': [() => changed((p) => Object.assign(p, { formatVersion: 2 })), /formatVersion/],
    'an unknown field': [() => changed((p) => Object.assign(p, { temperature: 1 })), /temperature/],
    'a missing field': [() => changed((p) => delete p['logPriors']), /logPriors/],
    'an unknown search space': [() => changed((p) => Object.assign(p, { searchSpace: 'darts' })), /searchSpace/],
    'another encoder': [
      () => changed((p) => Object.assign(p, { features: { count: 64, schemaId: 'a'.repeat(64) } })),
      /trained on 64 features, schema a{64}; this version encodes 64 features, schema [0-9a-f]{64}: retrain it/,
    ],
    'another search space’s features': [() => changed((p) => Object.assign(p, { searchSpace: 'fbnet' })), /retrain it/],
    'normalisation of other features': [
      () => changed((p) => Object.assign(p, { normalisation: { mean: [0], deviation: [1] } })),
      /normalises 1 and 1 features, not 64/,
    ],
    'other heads': [
      () => changed((p) => Object.assign(p, { heads: [{ kind: 'linear', mean: 0 }] })),
      /has heads, noise levels and dimension/,
    ],
    'other noise levels': [() => changed((p) => Object.assign(p, { noiseLevels: [0.1] })), /has heads, noise levels/],
    'another feature dimension': [() => changed((p) => Object.assign(p, { featureDimension: 16 })), /dimension/],
    'log priors of another shape': [
      () => changed((p) => Object.assign(p, { logPriors: [[0], [0], [0]] })),
      /log priors of another shape than 3 heads × 5 noise levels/,
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
    const other = await train({ ...pool, seed: 4, steps: 1 });
    await expect(loadPredictor({ onnx: other.onnx, json: bundle.json })).rejects.toMatchObject({
      code: 'invalid-predictor',
      message: expect.stringContaining('is damaged or of another predictor'),
    });
  });
});
