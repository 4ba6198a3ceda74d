// Counters by cachegrind on a real operator in ONNX Runtime: some fifty seconds of a processor, for each process takes
// ten before its first inference.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { countInferences } from '#agent/cachegrind/count-inferences.ts';
import { findValgrind } from '#agent/cachegrind/valgrind.ts';
import { defaultStopRule } from '#agent/measure/stop-rule.ts';
import { describeListed } from '#core/descriptor/operator-graphs.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-cachegrind-'));
afterAll(() => rmSync(folder, { recursive: true }));

const valgrind = await findValgrind();

describe.skipIf(valgrind === undefined)('cachegrind (skipped where valgrind is not installed)', () => {
  test('counts an operator the same each time, and no fewer instructions than its arithmetic takes', async () => {
    const modelPath = join(folder, 'convolution.onnx');
    const sized = { list: 'standard', inputSize: null, batchSize: 1 } as const;
    writeFileSync(modelPath, modelBytes(describeListed(sized, 'convolution/3x3_16_16_at_32'), 0));
    const request = {
      ...{ modelPath, rule: defaultStopRule, cpus: undefined, timeoutS: 1200, seed: 0 },
      settings: { threads: 1, graphOptimization: 'all', precision: 'fp32' } as const,
    };
    const [first, second] = await Promise.all([1, 2].map(() => countInferences(valgrind!, request, 20)));
    const instructions = first!.get('instructions')!.value as number;
    // 2,359,296 multiply-accumulates, of which no instruction under valgrind does more than eight.
    expect(instructions).toBeGreaterThan(2_359_296 / 8);
    expect(instructions).toBeLessThan(2_359_296 * 8);
    for (const counter of ['instructions', 'L1-dcache-loads'] as const) {
      const again = second!.get(counter)!.value as number;
      expect(again / (first!.get(counter)!.value as number)).toBeCloseTo(1, 2);
    }
    expect(first!.get('L1-dcache-load-misses')!.value).toBeGreaterThan(0);
  }, 1_200_000);
});
