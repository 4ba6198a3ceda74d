import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { describeShipped, listShipped, showShipped } from '#cli/shipped-targets/describe-shipped.ts';
import { pickTargets } from '#cli/shipped-targets/pick-targets.ts';
import { encodeTargets, readTargets, type ShippedTarget } from '#cli/shipped-targets/targets-file.ts';
import { textTable } from '#cli/shipped-targets/text-table.ts';
import { readShippedPredictor } from '#cli/start/read-shipped-predictor.ts';
import { bundleHash } from '#core/predictor/bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-targets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const head = {
  lowering: 'fused',
  net: 0,
  form: 'linear',
  weight: 1,
  lnScale: 0,
  coordinates: [],
  weights: '',
  weightStep: 1,
} as const;
const covariance = { variances: [], restVariance: 0.01, directions: '', priorVariance: 1, noiseVariance: 0 };
const leftOut = { measurements: 30, medianError: 0.0953, error80: 0.1823, coverage90: 0.9, explained: 0.9 };

const target = (id: string, over: Partial<ShippedTarget> = {}): ShippedTarget => ({
  id,
  title: `Title of ${id}`,
  hardware: 'Rockchip RK3588',
  runtime: null,
  source: 'somebody',
  licence: 'MIT',
  usual: false,
  available: 60,
  adaptation: {
    measurements: 30,
    intervalScale: 1,
    outliers: [],
    heads: [{ ...head, ...covariance, coordinates: [] }],
    selfCheck: { leftOut, contradiction: null },
  },
  ...over,
});
const some = [target('a-cpu'), target('a-cpu-little'), target('b-gpu', { usual: true })];

describe('the file of targets', () => {
  const hash = 'a'.repeat(64);
  const file = join(folder, 'targets.json.gz');
  writeFileSync(file, encodeTargets(hash, some));

  test('gives them back', () => {
    expect(readTargets(hash, file)).toEqual(some);
  });

  test('is refused beside another predictor, damaged, and where there is none', () => {
    const again = '`npx sugarbush adapt-shipped` makes it';
    expect(() => readTargets('b'.repeat(64), file)).toThrow(
      `${file} is of predictor aaaaaaaaaaaaaaaa, not of bbbbbbbbbbbbbbbb; ${again} anew`,
    );
    const damaged = join(folder, 'damaged.json.gz');
    writeFileSync(damaged, 'words');
    expect(() => readTargets(hash, damaged)).toThrow(again);
    expect(() => readTargets(hash, join(folder, 'none.json.gz'))).toThrow(/none\.json\.gz cannot be read: ENOENT/);
  });

  test('that is shipped is of the predictor that is shipped', async () => {
    const { bundle } = await readShippedPredictor();
    const shipped = readTargets(bundleHash(bundle));
    const ids = shipped.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { adaptation, available } of shipped) {
      expect(adaptation.measurements).toBeLessThanOrEqual(100);
      expect(available).toBeGreaterThanOrEqual(adaptation.measurements);
    }
  });
});

describe('targets are meant', () => {
  const ids = (names: readonly string[]): string[] => pickTargets(some, names).map(({ id }) => id);

  test('by id first, then by part, in order and once', () => {
    expect(ids(['a-cpu'])).toEqual(['a-cpu']);
    expect(ids(['A-CP'])).toEqual(['a-cpu', 'a-cpu-little']);
    expect(ids(['b-gpu', 'little', 'rk3588'])).toEqual(['a-cpu', 'a-cpu-little', 'b-gpu']);
    expect(ids(['all'])).toHaveLength(3);
  });

  test('as the usual ones where none is named', () => {
    expect(ids([])).toEqual(['b-gpu']);
    expect(pickTargets([some[0]!], [])).toHaveLength(1);
  });

  test('and what is none is refused with the nearest', () => {
    expect(() => ids(['b-gpo'])).toThrow(/^no target is or contains 'b-gpo'; nearest: b-gpu, /);
  });
});

test('what is told of a target', () => {
  const told = describeShipped(some[0]!);
  expect(told).toMatchObject({ measurements: 30, available: 60, trust: 'trusted', int8Measured: false, leftOut });
  // e^.0953 = 1.1, e^.1823 = 1.2.
  expect(listShipped([told])).toBe(
    'target  measurements   error  trust    what it is\na-cpu             30  10.0 %  trusted  Title of a-cpu\n',
  );
  const shown = showShipped(told);
  expect(shown).toContain('half are off by more than 10.0 %, a fifth by more than 20.0 %; 90 % are inside');
  expect(shown).toContain('  measurements  30 of 60, evenly over what was measured\n');
  expect(shown).toContain('  runtime       the source does not say\n');
  expect(shown).not.toContain('slow here');
});

test('what is slow on a target is told of kinds whose interval leaves out 1', () => {
  const priced = (kind: 'convolution' | 'pool' | 'sum', factor: number, low: number, high: number) => ({
    ...{ kind, share: 0.125, typicalShare: 0.1, factor, low, high },
  });
  const behaviour = {
    ...{ lowering: 'pruned' as const, loweringProbability: 0.953, unlikeKnownProbability: 0 },
    prices: [priced('convolution', 1.5, 1.25, 1.8), priced('pool', 0.5, 0.4, 0.625), priced('sum', 1.2, 0.9, 1.6)],
    like: [{ target: 'b-cpu-0123', apart: 0.052 }],
    measureNext: [{ network: 'waves', factor: 2.5 }],
  };
  const shown = showShipped(describeShipped(some[0]!, behaviour));
  expect(shown).toContain('  runs as       pruned, probability 0.95\n');
  expect(shown).toContain('  like          b-cpu-0123 (5.3 % apart)\n');
  expect(shown).toContain('  slow here     convolution 1.50 × (1.25 to 1.80; 12.5 % of the time)\n');
  expect(shown).toContain('  fast here     pool 0.50 × (0.40 to 0.63; 12.5 % of the time)\n');
  expect(shown).toContain('  next          standard networks least known: waves (within a factor of 2.50)\n');
});

test('a table lines up', () => {
  expect(
    textTable(
      [
        ['a', 'bb'],
        ['ccc', 'd'],
      ],
      [0],
    ),
  ).toBe('  a  bb\nccc  d\n');
});
