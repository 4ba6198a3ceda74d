// Episodes: how often each kind is drawn, from which rows, in which unit; sparse pools, and none at all.
import { describe, expect, test } from 'vitest';
import {
  defaultShares,
  type EpisodeBatch,
  episodeSource,
  type TrainingTarget,
} from '#core/predictor/fitting/episodes.ts';
import { type Random, seededRandom } from '#core/random.ts';
import type { DeviceSimulator } from '#core/search-space/search-space.ts';
import { range } from '../reference.ts';

const [pool, M] = [80, 16];
const everyRow = range(0, pool).map(() => true);

/** A simulated device of one price: every architecture costs 1 + its row. */
const simulator: DeviceSimulator = { draw: (_, indices) => Float64Array.from(indices, (i) => 1 + i) };

const only = (kind: 'real' | 'mixed' | 'blended' | 'simulated') => ({
  ...{ real: 0, mixed: 0, blended: 0, simulated: 0 },
  [kind]: 1,
});

/** Latency 3 · (5 + row), measured where `has` says so. */
const target = (
  id: string,
  has: (row: number) => boolean = () => true,
  of = (row: number) => 3 * (5 + row),
): TrainingTarget => ({
  id,
  latencyMs: Float64Array.from(range(0, pool), (row) => (has(row) ? of(row) : Number.NaN)),
});

interface Episode {
  readonly rows: number[];
  readonly lnLatency: number[];
  readonly simulated: boolean;
}

function episodes(batch: EpisodeBatch): Episode[] {
  return range(0, batch.simulated.length).map((d) => {
    const present = range(d * M, (d + 1) * M).filter((i) => batch.present[i] === 1);
    return {
      rows: present.map((i) => batch.rows[i]!),
      lnLatency: present.map((i) => batch.lnLatency[i]!),
      simulated: batch.simulated[d] === 1,
    };
  });
}

const draw = (
  targets: readonly TrainingTarget[],
  shares = defaultShares,
  devices = 40,
  seed = 1,
  connected: readonly boolean[] = everyRow,
  simulate: DeviceSimulator = simulator,
) => episodeSource(targets, connected, simulate, shares).draw(seededRandom(seed), devices, M);

test('the same seed gives the same episodes, another others', () => {
  const targets = [target('a'), target('b', (row) => row % 3 > 0)];
  expect(draw(targets)).toEqual(draw(targets));
  expect(draw(targets, defaultShares, 40, 2)).not.toEqual(draw(targets));
});

test('a batch has the declared shape, and zeros where nothing was measured', () => {
  const batch = draw([target('sparse', (row) => row < 3)], only('real'), 7);
  expect([batch.rows.length, batch.lnLatency.length, batch.present.length]).toEqual([7 * M, 7 * M, 7 * M]);
  expect(batch.simulated.length).toBe(7);
  for (let i = 0; i < 7 * M; i++) {
    expect(batch.present[i]).toBe(i % M < 3 ? 1 : 0);
    if (batch.present[i] === 0) expect([batch.rows[i], batch.lnLatency[i]]).toEqual([0, 0]);
  }
});

test('rows of an episode are different and, of a real device, measured on it', () => {
  const targets = [target('even', (row) => row % 2 === 0), target('odd', (row) => row % 2 === 1)];
  for (const kind of ['real', 'mixed', 'blended', 'simulated'] as const) {
    for (const { rows, lnLatency } of episodes(draw(targets, only(kind)))) {
      expect(new Set(rows).size).toBe(rows.length);
      expect(rows.length).toBe(M);
      expect(rows.every((row) => row >= 0 && row < pool)).toBe(true);
      expect(lnLatency.every(Number.isFinite)).toBe(true);
      // Two targets without a common row cannot be mixed: one of them stands alone.
      if (kind !== 'simulated') expect(new Set(rows.map((row) => row % 2)).size).toBe(1);
    }
  }
});

test('a real episode is the device’s own latency in units of its mean', () => {
  const connected = range(0, pool).map((row) => row < 40);
  // The mean of 3 · (5 + row) over the connected rows 0–39.
  const unit = 3 * (5 + 19.5);
  for (const { rows, lnLatency, simulated } of episodes(draw([target('a')], only('real'), 40, 1, connected))) {
    expect(simulated).toBe(false);
    rows.forEach((row, i) => {
      expect(lnLatency[i]).toBeCloseTo(Math.log((3 * (5 + row)) / unit), 5);
    });
  }
});

test('a mixture lies between its parts but for noise, a little beyond, and a coarse clock', () => {
  const equal = [
    target('a'),
    target(
      'b',
      () => true,
      (row) => 700 * (5 + row),
    ),
    target(
      'c',
      () => true,
      (row) => 5 + row,
    ),
  ];
  // Three devices that differ only in their unit: every mixture is the same device again.
  const unit = 5 + (pool - 1) / 2;
  const errors = episodes(draw(equal, only('mixed'), 400)).map(({ rows, lnLatency }) =>
    Math.max(...rows.map((row, i) => Math.abs(lnLatency[i]! - Math.log((5 + row) / unit)))),
  );
  // Noise is at most 8 %, and 15 % of the devices have a clock whose tick is up to an eighth of the mean.
  expect(errors.filter((e) => e < 0.3).length).toBeGreaterThan(0.8 * 400);
  expect(Math.min(...errors)).toBeGreaterThan(1e-3);
});

test('a blend has between a tenth and seven tenths of a simulated device in it', () => {
  // The measured device is constant, so the slope over the rows is the simulated share.
  const slopes = episodes(
    draw(
      [
        target(
          'flat',
          () => true,
          () => 8,
        ),
      ],
      only('blended'),
      500,
    ),
  ).flatMap(({ rows, lnLatency, simulated }) => {
    expect(simulated).toBe(false);
    const n = rows.length;
    const x = rows.map((row) => 1 + row);
    const meanX = x.reduce((a, b) => a + b, 0) / n;
    const y = lnLatency.map(Math.exp);
    const meanY = y.reduce((a, b) => a + b, 0) / n;
    const covariance = x.reduce((sum, v, i) => sum + (v - meanX) * (y[i]! - meanY), 0);
    return [(covariance / x.reduce((sum, v) => sum + (v - meanX) ** 2, 0)) * meanX];
  });
  const mean = slopes.reduce((a, b) => a + b, 0) / slopes.length;
  expect(mean).toBeGreaterThan(0.35);
  expect(mean).toBeLessThan(0.45);
  expect(slopes.filter((s) => s < 0.05 || s > 0.8).length).toBeLessThan(0.05 * slopes.length);
});

test('a simulated episode is marked, in units of its own mean', () => {
  for (const { rows, lnLatency, simulated } of episodes(draw([target('a')], only('simulated')))) {
    expect(simulated).toBe(true);
    const mean = rows.reduce((sum, row) => sum + 1 + row, 0) / rows.length;
    const off = rows.map((row, i) => lnLatency[i]! - Math.log((1 + row) / mean));
    expect(Math.abs(off.toSorted((a, b) => a - b)[M / 2]!)).toBeLessThan(0.15);
  }
});

test('kinds are drawn in their shares', () => {
  // Real episodes show the device without noise; simulated ones are marked; mixtures and blends are the rest.
  const devices = 4000;
  const all = episodes(
    draw(
      [
        target(
          'flat',
          () => true,
          () => 8,
        ),
      ],
      defaultShares,
      devices,
    ),
  );
  const simulated = all.filter((e) => e.simulated).length / devices;
  const real = all.filter((e) => !e.simulated && e.lnLatency.every((ln) => Math.abs(ln) < 1e-6)).length / devices;
  const tolerance = 5 * Math.sqrt(0.25 / devices);
  expect(Math.abs(simulated - 0.2)).toBeLessThan(tolerance);
  expect(Math.abs(real - 0.3)).toBeLessThan(tolerance);
  expect(defaultShares.real + defaultShares.mixed + defaultShares.blended + defaultShares.simulated).toBeCloseTo(1, 12);
});

test('noise and coarse clocks: in the shares that are told', () => {
  const devices = 2000;
  // A constant device shows its noise; a coarse clock leaves few distinct values.
  const all = episodes(
    draw(
      [
        target(
          'flat',
          () => true,
          () => 8,
        ),
      ],
      only('mixed'),
      devices,
    ),
  );
  const deviations = all.map(({ lnLatency }) => {
    const mean = lnLatency.reduce((a, b) => a + b, 0) / M;
    return Math.sqrt(lnLatency.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (M - 1));
  });
  const coarse =
    all.filter(({ lnLatency }) => new Set(lnLatency.map((v) => v.toFixed(6))).size < M / 2).length / devices;
  expect(coarse).toBeGreaterThan(0.1);
  expect(coarse).toBeLessThan(0.2);
  expect(deviations.filter((d) => d > 0.15).length / devices).toBeLessThan(0.02);
  const middle = deviations.toSorted((a, b) => a - b)[devices / 2]!;
  // The geometric middle of .2 % and 8 %.
  expect(middle).toBeGreaterThan(0.008);
  expect(middle).toBeLessThan(0.02);
});

describe('pools that lack something', () => {
  const finite = (batch: EpisodeBatch): void => {
    expect(batch.lnLatency.every(Number.isFinite)).toBe(true);
    for (const { rows } of episodes(batch)) expect(rows.length).toBeGreaterThan(0);
  };

  test('no targets: every episode is simulated', () => {
    const batch = draw([]);
    finite(batch);
    expect(batch.simulated.every((s) => s === 1)).toBe(true);
  });

  test('a target without measurements, or with none that sets its unit, is left out', () => {
    const connected = range(0, pool).map((row) => row > 0);
    const empty = target('empty', () => false);
    const disconnectedOnly = target('disconnected', (row) => row === 0);
    finite(draw([empty, disconnectedOnly, target('a')], defaultShares, 200, 1, connected));
    const withoutAny = draw([empty, disconnectedOnly], defaultShares, 50, 1, connected);
    finite(withoutAny);
    expect(withoutAny.simulated.every((s) => s === 1)).toBe(true);
  });

  test('one measurement a target', () => {
    finite(draw([target('a', (row) => row === 4), target('b', (row) => row === 9)], defaultShares, 200));
  });

  test('targets with few rows in common are not mixed, with enough they are', () => {
    const parity = (rows: number[]) => new Set(rows.map((row) => (row < 40 ? 0 : 1))).size;
    const overlap = (common: number) => [target('low', (row) => row < 40), target('high', (row) => row >= 40 - common)];
    const few = episodes(draw(overlap(15), only('mixed'), 100));
    // Each is drawn from one device alone, all of its rows among them.
    expect(few.some(({ rows }) => rows.some((row) => row < 25))).toBe(true);
    expect(few.some(({ rows }) => rows.some((row) => row >= 40))).toBe(true);
    const enough = episodes(draw(overlap(16), only('mixed'), 100));
    for (const { rows } of enough) expect(rows.every((row) => row >= 24 && row < 40)).toBe(true);
    expect(enough.every(({ rows }) => parity(rows) === 1)).toBe(true);
  });

  test('a pool smaller than an episode', () => {
    const small: Random = seededRandom(3);
    const source = episodeSource([{ id: 'a', latencyMs: Float64Array.of(1, 2, 3) }], [true, true, true], simulator);
    const batch = source.draw(small, 30, M);
    finite(batch);
    for (const { rows } of episodes(batch)) expect(rows.length).toBe(3);
  });
});
