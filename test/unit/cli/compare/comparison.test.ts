// Pools, and what a comparison prints, by hand.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { comparedPool } from '#cli/compare/pools.ts';
import { comparisonMeans, comparisonToJson, comparisonToText } from '#cli/compare/print-comparison.ts';
import { readComparison } from '#cli/compare/read-comparison.ts';
import type { ComparisonResult } from '#core/predictor/evaluation/compare-methods.ts';

const target = (id: string, program: string, level: string) => ({
  id,
  program,
  runtime: `${program} ${level}`,
  descriptor: null,
  latencyMs: new Float64Array(0),
});
const fleet = [
  target('ort-all-1', 'ort', 'all'),
  target('ort-all-2', 'ort', 'all'),
  target('ort-basic-1', 'ort', 'basic'),
  target('web-1', 'web', 'all'),
];

test.each([
  ['other-programs', ['web-1']],
  ['other-runtimes', ['ort-basic-1', 'web-1']],
  ['other-targets', ['ort-all-2', 'ort-basic-1', 'web-1']],
  ['same-program', ['ort-all-2', 'ort-basic-1']],
] as const)('%s of the first', (id, expected) => {
  expect(comparedPool(id, fleet).pools.get('ort-all-1')).toEqual(expected);
});

describe('printed', () => {
  const result = (more: Partial<ComparisonResult>): ComparisonResult => ({
    pool: 'none',
    method: 'sugarbush',
    target: 'one',
    measurements: 10,
    seed: 0,
    draw: 0,
    spearman: 0.9,
    within1: 0,
    within5: 0.5,
    within10: 0.8,
    medianApe: 0.05,
    ...more,
  });
  const results = [
    result({}),
    result({ target: 'two', within10: 1 }),
    result({ draw: 1, within10: 0.6 }),
    result({ draw: 1, target: 'two', within10: 0.6 }),
    result({ method: 'ridge', medianApe: 0.04 }),
    result({ method: 'ridge', target: 'two', medianApe: 0.06, spearman: Number.NaN }),
  ];

  test('means over targets and runs; the spread is of the runs’ means', () => {
    const [ours, ridge] = comparisonMeans(results);
    expect(ours).toMatchObject({ method: 'sugarbush', targets: 2, runs: 2 });
    expect(ours!.mean.within10).toBeCloseTo(0.75, 12);
    // Runs have .9 and .6: a standard deviation of .3 / √2.
    expect(ours!.spread!.within10).toBeCloseTo(0.3 / Math.SQRT2, 12);
    expect(ridge).toMatchObject({ method: 'ridge', runs: 1, spread: null });
  });

  test('each target, and where another method is better', () => {
    const text = comparisonToText(results);
    expect(text).toContain('75.0 ± 21.2');
    expect(text).not.toContain('pool');
    expect(text).toMatch(/\none {5}70\.0 \(5\.0\) {2}80\.0 \(4\.0\)\n/);
    expect(text).toContain('measurements:\nk = 10, one: ridge 4.0 %, sugarbush 5.0 %\n');
    expect(text).not.toContain('k = 10, two: ridge');
    expect(comparisonToText(results.slice(0, 4))).toContain('measurements: nowhere');
    expect(comparisonToText(results.slice(4))).not.toContain('lower median error');
  });

  test('what learns from no target of the fleet stands beside each pool', () => {
    const learned = ['other-runtimes', 'same-program'].map((pool) => result({ pool, method: 'maple-edge-raw' }));
    const parts = comparisonToText([...results, ...learned]).split('\n\n\n');
    expect(parts.map((part) => part.split(':')[0])).toEqual(['pool other-runtimes', 'pool same-program']);
    for (const part of parts) expect(part).toMatch(/\ntarget {2}sugarbush +ridge +maple-edge-raw\n/);
  });

  test('what --json printed is read again, and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sugarbush-comparison-'));
    const file = join(folder, 'part.json');
    writeFileSync(file, JSON.stringify(comparisonToJson(results)));
    expect(readComparison(file)).toEqual(results);
    writeFileSync(file, JSON.stringify({ schemaVersion: 2, means: [], results: [] }));
    expect(() => readComparison(file)).toThrow(/part\.json is not what compare --json prints/);
    rmSync(folder, { recursive: true });
  });

  test('for programs a correlation that there is none of is null', () => {
    const read = JSON.parse(JSON.stringify(comparisonToJson(results)));
    expect(read).toMatchObject({ schemaVersion: 1, means: [{ pool: 'none' }, {}] });
    expect(read.results[5].spearman).toBeNull();
  });
});
