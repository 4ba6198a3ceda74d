// Profiles evaluated by kind of network, on a part of a real one with the shipped predictor.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readProfiled, shippedPredictor } from '#cli/evaluate/evaluate-kernel-times.ts';
import { evaluateProfiles, programsOf, readProfiles } from '#cli/evaluate/evaluate-profiles.ts';
import { profileScoresToTable } from '#cli/evaluate/print-profiles.ts';
import type { Predictor } from '#core/predictor/types.ts';

const whole = new URL('../../../../data/fleet/onnxruntime-all-t1.json.gz', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'sugarbush-profiles-'));
let predictor: Predictor;
beforeAll(async () => {
  const profile = JSON.parse(gunzipSync(readFileSync(whole)).toString('utf8'));
  const measurements = profile.measurements.slice(0, 30);
  writeFileSync(join(folder, 'part.json.gz'), gzipSync(JSON.stringify({ ...profile, measurements })));
  predictor = await shippedPredictor();
});
afterAll(async () => {
  await predictor.close();
  rmSync(folder, { recursive: true });
});

test('what was not measured is scored, with and without the descriptor; an only kind is not held out', async () => {
  const targets = await readProfiles(predictor, folder);
  const plan = { measurements: [0, 10], repeats: 3, seed: 1 };
  const scores = evaluateProfiles(predictor, targets, plan, () => {});
  expect(scores.map((s) => [s.kind, s.kinds, s.measurements, s.descriptor, s.predictions])).toEqual([
    ['all', 'any', 0, true, 30],
    ['nasbench201', 'any', 0, true, 30],
    ['all', 'any', 10, true, 60],
    ['nasbench201', 'any', 10, true, 60],
    ['all', 'any', 10, false, 60],
    ['nasbench201', 'any', 10, false, 60],
  ]);
  // The predictor has learned from this target.
  for (const { measurements, medianApe } of scores) if (measurements === 10) expect(medianApe).toBeLessThan(0.15);
  expect(profileScoresToTable(scores).split('\n')).toHaveLength(1 + 2 * scores.length);
});

test('without a profile it says so', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await expect(readProfiles(predictor, empty)).rejects.toMatchObject({ code: 'invalid-usage' });
  const missing = { code: 'invalid-usage', message: '--folder: there is no nowhere' };
  await expect(readProfiles(predictor, 'nowhere')).rejects.toMatchObject(missing);
  await expect(readProfiled(predictor, 'nowhere')).rejects.toMatchObject(missing);
});

test.each([
  ['damaged', Buffer.from('nonsense'), 'incorrect header check'],
  ['another', gzipSync('{}'), '✖ '],
])('a file that is %s is named', async (name, bytes, why) => {
  const broken = join(folder, name);
  mkdirSync(broken);
  writeFileSync(join(broken, 'x.json.gz'), bytes);
  const message = expect.stringMatching(new RegExp(`^--folder: .*x.json.gz is no profile: ${why}`));
  await expect(readProfiles(predictor, broken)).rejects.toMatchObject({ code: 'invalid-usage', message });
});

test('programs whose targets are left out in turn are at least two', () => {
  expect(programsOf('data/fleet/epyc')).toEqual(['onnxruntime', 'openvino']);
  expect(() => programsOf(folder)).toThrow(/^--others: .* has targets of 1 program, two are needed$/);
});
