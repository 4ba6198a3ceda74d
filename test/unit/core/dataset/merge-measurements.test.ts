import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeMeasurements, repeatContradiction } from '#core/dataset/merge-measurements.ts';
import { hasProfile, joinTargetData, type TargetData, targetDataSchema } from '#core/dataset/target-data.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { targetDataOf } from '#core/intake/target-data-of.ts';
import type { Workload } from '#core/search-space/workload.ts';
import { canonicalJson } from '#core/text/canonical-json.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

interface Draw {
  readonly sha: number;
  readonly device: string;
  readonly acceptedAt: number;
  readonly startedAt: number | null;
  /** By text; `x@8` is x at batch size 8. */
  readonly latencies: Readonly<Record<string, number>>;
  readonly described?: boolean;
}

const batch = (batchSize: number): Workload => ({ searchSpace: 'nasbench201', inputSize: 32, batchSize });
const one = batch(1);

const time = (second: number): string => new Date(1_770_000_000_000 + second * 1000).toISOString();
const hash = (number: number): string => number.toString(16).padStart(64, '0');

function dataOf({ sha, device, acceptedAt, startedAt, latencies, described }: Draw): TargetData {
  const clock = { ...exampleProfile.context.clock, startedAt: startedAt === null ? null : time(startedAt) };
  const named = Object.entries(latencies).map(([name, medianMs]) => {
    const [architecture, batchSize = '1'] = name.split('@') as [string, string?];
    return { architecture, batchSize: Number(batchSize), medianMs };
  });
  // In the order in which they turn up, as a profile may state them, and one of which nothing is measured.
  const batchSizes = [...new Set([64, ...named.map(({ batchSize }) => batchSize)])];
  return targetDataOf(
    {
      ...exampleProfile,
      context: { ...exampleProfile.context, clock },
      descriptor: described ? exampleProfile.descriptor : null,
      targetId: targetId(exampleProfile.target),
      workloads: batchSizes.map(batch),
      measurements: named.map(({ architecture, batchSize, medianMs }) => ({
        workload: batchSizes.indexOf(batchSize),
        architecture,
        latency: { medianMs, trimmedMeanMs: null, spreadMs: null },
        runs: null,
        stable: null,
      })),
      models: [],
      excluded: [],
    },
    { sha256: hash(sha), deviceId: device, acceptedAt: time(acceptedAt), registeredAt: time(acceptedAt) },
  );
}

const joined = (...parts: Draw[]): TargetData => parts.map(dataOf).reduce(joinTargetData);

const base = { acceptedAt: 0, startedAt: null };

describe('merging the measurements of a target', () => {
  it('takes the median over a device’s profiles and then over devices', () => {
    const data = joined(
      { ...base, sha: 1, device: 'a', latencies: { x: 10, y: 7 } },
      { ...base, sha: 2, device: 'a', latencies: { x: 12 } },
      { ...base, sha: 3, device: 'a', latencies: { x: 99 } },
      { ...base, sha: 4, device: 'b', latencies: { x: 13 } },
      { ...base, sha: 5, device: 'c', latencies: { x: 20, z: 1 } },
    );
    // x: device medians 12, 13 and 20. y and z were measured once.
    expect(mergeMeasurements(data)).toEqual([
      { workload: one, architecture: 'x', latencyMs: 13, profiles: 5, devices: 3, disagreement: 20 / 12 },
      { workload: one, architecture: 'y', latencyMs: 7, profiles: 1, devices: 1, disagreement: 1 },
      { workload: one, architecture: 'z', latencyMs: 1, profiles: 1, devices: 1, disagreement: 1 },
    ]);
  });

  it('keeps what was run apart: a network is an architecture in a workload', () => {
    const data = joined(
      { ...base, sha: 1, device: 'a', latencies: { y: 7, 'x@8': 70, x: 10 } },
      { ...base, sha: 2, device: 'a', latencies: { 'x@8': 72, 'x@16': 140 } },
    );
    // By key: nasbench201/32/1, nasbench201/32/16, nasbench201/32/8. Nothing was measured at 64.
    expect(data.workloads).toEqual([one, batch(16), batch(8)]);
    expect(data.architectures).toEqual(['x', 'y']);
    expect(data.values).toEqual([
      [0, 0, 0, 10],
      [0, 1, 0, 7],
      [1, 0, 1, 140],
      [2, 0, 0, 70],
      [2, 0, 1, 72],
    ]);
    expect(
      mergeMeasurements(data).map(({ workload, architecture, latencyMs }) => [
        workload.batchSize,
        architecture,
        latencyMs,
      ]),
    ).toEqual([
      [1, 'x', 10],
      [1, 'y', 7],
      [16, 'x', 140],
      [8, 'x', 71],
    ]);
  });

  it('does not take the same architecture in two workloads for a repeat that contradicts', () => {
    const texts = ['x', 'y', 'z', 'w'];
    const latencies = Object.fromEntries(
      texts.flatMap((text) => [
        [text, 1],
        [`${text}@8`, 8],
      ]),
    );
    const data = joined({ ...base, sha: 1, device: 'a', latencies }, { ...base, sha: 2, device: 'b', latencies });
    expect(repeatContradiction(mergeMeasurements(data))).toBeNull();
    const tripled = Object.fromEntries(texts.map((text) => [text, 3]));
    const others = joined(
      { ...base, sha: 1, device: 'a', latencies },
      { ...base, sha: 2, device: 'b', latencies: tripled },
    );
    // Four networks of eight were measured twice; all four differ by a factor of 3.
    expect(repeatContradiction(mergeMeasurements(others))).toMatch(/^4 of 4 networks/);
  });

  it('lets one device count once, however often it uploads', () => {
    const honest: Draw[] = ['a', 'b'].map((device, i) => ({ ...base, sha: i, device, latencies: { x: 10 + i } }));
    const flood: Draw[] = Array.from({ length: 50 }, (_, i) => ({
      ...base,
      sha: 10 + i,
      device: 'c',
      latencies: { x: 1e4 },
    }));
    expect(mergeMeasurements(joined(...honest, ...flood))[0]).toMatchObject({
      latencyMs: 11,
      profiles: 52,
      devices: 3,
    });
  });

  it('compares a single device with itself', () => {
    const data = joined(
      { ...base, sha: 1, device: 'a', latencies: { x: 10 } },
      { ...base, sha: 2, device: 'a', latencies: { x: 15 } },
    );
    expect(mergeMeasurements(data)).toMatchObject([{ latencyMs: 12.5, devices: 1, disagreement: 1.5 }]);
  });

  it('keeps the descriptor of the profile that was started last', () => {
    const data = joined(
      { ...base, sha: 9, device: 'a', latencies: { x: 1 }, described: true },
      { ...base, sha: 2, device: 'a', latencies: { x: 1 }, described: true, startedAt: 5 },
      { ...base, sha: 3, device: 'a', latencies: { x: 1 }, described: true, startedAt: 4 },
      { ...base, sha: 4, device: 'a', latencies: { x: 1 }, startedAt: 9 },
    );
    expect(data.descriptor?.sha256).toBe(hash(2));
  });

  it('does not take the descriptor of a clock that runs ahead for the latest', () => {
    const day = 86_400;
    const at = (sha: number, startedAt: number): Draw => ({
      ...base,
      sha,
      device: 'a',
      latencies: { x: 1 },
      described: true,
      startedAt,
    });
    expect(joined(at(1, 100 * 365 * day), at(2, -5)).descriptor?.sha256).toBe(hash(2));
    expect(joined(at(1, day), at(2, -5)).descriptor?.sha256).toBe(hash(1));
  });

  it('counts a profile once, as it was first accepted', () => {
    const first = { ...base, sha: 1, device: 'a', latencies: { x: 10 }, acceptedAt: 3 };
    const data = joined({ ...first, acceptedAt: 8, device: 'b' }, first, { ...first, acceptedAt: 5 });
    expect(data.profiles).toMatchObject([{ deviceId: 'a', acceptedAt: time(3) }]);
    expect(data.values).toEqual([[0, 0, 0, 10]]);
    expect(hasProfile(data, hash(1))).toBe(true);
    expect(hasProfile(data, hash(2))).toBe(false);
  });

  const draw: fc.Arbitrary<Draw> = fc.record({
    sha: fc.nat(9),
    device: fc.constantFrom('a', 'b'),
    acceptedAt: fc.nat(5),
    startedAt: fc.option(fc.nat(5)),
    latencies: fc.constant({}),
    described: fc.constant(false),
  });
  /** What is inside follows from the hash, as with real uploads. */
  const consistent = (part: Draw): Draw => ({
    ...part,
    startedAt: part.sha % 3 === 0 ? null : part.sha % 5,
    described: part.sha % 2 === 0,
    latencies: Object.fromEntries(
      ['x', 'y@8', 'x@8', 'w'].filter((_, i) => (part.sha >> i) % 2 === 0 || i === 3).map((k) => [k, part.sha + 1]),
    ),
  });

  it('does not depend on order, grouping or repetition, and passes its own schema', () => {
    fc.assert(
      fc.property(fc.array(draw, { minLength: 1, maxLength: 8 }), fc.nat(), (draws, turn) => {
        const parts = draws.map((part) => dataOf(consistent(part)));
        const inOrder = parts.reduce(joinTargetData);
        const turned = [...parts.slice(turn % parts.length), ...parts.slice(0, turn % parts.length), parts[0]!];
        const grouped = turned.reduceRight((all, part) => joinTargetData(part, all));
        expect(canonicalJson(grouped)).toBe(canonicalJson(inOrder));
        expect(targetDataSchema.parse(JSON.parse(JSON.stringify(inOrder)))).toEqual(inOrder);
      }),
    );
  });
});
