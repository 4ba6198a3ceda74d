// Processors with several kinds of cores, each with a PMU of its own: what is counted, and that doctor and profile ask
// for it and read it alike.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultStopRule } from '#agent/measure/stop-rule.ts';
import { combineRows } from '#agent/perf/combine-rows.ts';
import { countPerInference } from '#agent/perf/count-per-inference.ts';
import { counterEvents } from '#agent/perf/events.ts';
import { parsePerfJson } from '#agent/perf/parse-json.ts';
import { findPerf } from '#agent/perf/perf-command.ts';
import { probePerf, ranTogether } from '#agent/perf/probe.ts';
import { eventName, isUserModeOnly, type PerfRow } from '#agent/perf/row.ts';
import { lostCounters, lostCountersWarning } from '#agent/profile/lost-counters.ts';
import { measureOperator } from '#agent/profile/operators.ts';
import { onnxRuntimeNode } from '#agent/runtimes/onnxruntime.ts';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { describeOperator } from '#core/search-space/network/describe.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-hybrid-'));
afterAll(() => rmSync(folder, { recursive: true }));

const turns = parsePerfJson(
  readFileSync(new URL('../../../fixtures/perf/constructed/hybrid-turns-json.txt', import.meta.url), 'utf8'),
);

test.each([
  ['cycles', 'cycles', undefined, false],
  ['cycles:u', 'cycles', undefined, true],
  ['cycles:Hu', 'cycles', undefined, true],
  ['cycles:uH', 'cycles', undefined, true],
  ['cycles:ukH', 'cycles', undefined, false],
  ['cpu_core/cycles/', 'cycles', 'cpu_core', false],
  ['cpu_core/instructions/u', 'instructions', 'cpu_core', true],
  ['cpu_core/instructions/Hu', 'instructions', 'cpu_core', true],
  ['cpu_core/instructions/:u', 'instructions', 'cpu_core', true],
  ['armv8_cortex_a76/instructions:u/', 'instructions', 'armv8_cortex_a76', true],
  ['armv8_cortex_a53/L1-dcache-loads/uH', 'L1-dcache-loads', 'armv8_cortex_a53', true],
  ['cpu_atom/cycles,name=x/k', 'cycles', 'cpu_atom', false],
])('%s is %s of %s', (event, name, pmu, userOnly) => {
  expect(eventName(event)).toEqual({ name, pmu });
  expect(isUserModeOnly(event)).toBe(userOnly);
});

describe('counts of several PMUs', () => {
  const value = (counter: string) =>
    countPerInference(
      turns.rows,
      counterEvents.filter((event) => event.counter === counter),
      10,
    ).get(counterEvents.find((event) => event.counter === counter)!.counter);

  test('taken in turns: perf scaled each to the whole time, so each counts for its share', () => {
    // (3,000,000 · 0.6 + 1,000,000 · 0.4) / 10 runs.
    expect(value('cpu-cycles')).toEqual({
      value: 220_000,
      runningPercent: 100,
      event: 'cpu_core/cycles/ + cpu_atom/cycles/',
      pmu: 'cpu_core+cpu_atom',
    });
  });

  test('a kind of core on which nothing ran adds nothing, not zero', () => {
    expect(value('instructions')).toEqual({
      value: 700_000,
      runningPercent: 100,
      event: 'cpu_core/instructions:u/',
      pmu: 'cpu_core',
    });
    expect(value('LLC-loads')?.value).toBe('not-counted');
    expect(value('cache-misses')).toMatchObject({ value: 1.2, pmu: 'armv8_cortex_a53' });
  });

  test('what happens in the kernel is no count for a plain user, however perf spells that', () => {
    expect(value('cpu-migrations')?.value).toBe('not-counted');
    expect(value('page-faults')?.value).toBe(0.5);
  });

  test('a metric that is no number loses no row', () => expect(turns.other).toEqual([]));

  const row = (event: string, value: PerfRow['value'], runningPercent: number): PerfRow => ({
    event,
    value,
    unit: '',
    runtimeNs: undefined,
    runningPercent,
  });

  test('multiplexed besides: shares of the time that was counted, by hand', () => {
    // 30 % and 10 % of the time: three quarters of 800, one quarter of 400.
    expect(combineRows([row('a/x/', 800, 30), row('b/x/', 400, 10)])).toMatchObject({ value: 700, runningPercent: 40 });
    expect(combineRows([row('a/x/', 800, 0), row('b/x/', 400, 0)])?.value).toBe(1200);
    expect(combineRows([row('a/x/', 'not-counted', 0)])).toBeUndefined();
  });

  test('one event asked for under two names is not counted twice', () => {
    const twice = [row('armv8_cortex_a72/l1d_cache/', 50, 100), row('armv8_cortex_a72/l1d_cache/', 50, 100)];
    const event = counterEvents.find(({ counter }) => counter === 'L1-dcache-loads')!;
    const printedAs = ['armv8_cortex_a72/l1d_cache/'];
    expect(countPerInference(twice, [{ ...event, printedAs }], 1).get('L1-dcache-loads')?.value).toBe(50);
    expect(countPerInference(twice, [event], 1).get('L1-dcache-loads')?.value).toBe('not-counted');
  });

  test('events run together where their PMUs took turns, not where one was multiplexed', () => {
    const [cycles] = counterEvents;
    expect(ranTogether([row('cpu_core/cycles/', 1, 63), row('cpu_atom/cycles/', 1, 36)], [cycles!])).toBe(true);
    expect(ranTogether([row('cpu_core/cycles/', 1, 63), row('cpu_atom/cycles/', 1, 30)], [cycles!])).toBe(false);
    expect(ranTogether([row('cpu_core/cycles/', 'not-counted', 0)], [cycles!])).toBe(false);
  });
});

/** Stands for perf on a hybrid part: answers every event with a row for each PMU, acknowledges switches of counters and
 * runs the command. `EVENT` in `answer` is the event's name. */
async function standIn(name: string, answer: string): Promise<NonNullable<Awaited<ReturnType<typeof findPerf>>>> {
  mkdirSync(join(folder, name));
  const path = join(folder, name, 'perf');
  writeFileSync(
    path,
    `#!/bin/sh
if [ "$1" = --version ]; then echo 'perf version 6.6.1'; exit 0; fi
while [ "$1" != -- ]; do
  case $1 in -o) out=$2;; -e) events=$2;; --control) control=yes;; esac
  shift
done
shift
if [ -n "$control" ]; then (while read -r word; do echo ack >&4; done) <&3 & fi
"$@"; code=$?
[ -n "$control" ] && kill $!
open='{' close='}' IFS=,
events=\${events#"$open"}
for event in \${events%"$close"}; do
  printf '${answer.replaceAll('EVENT', '%s').replaceAll('\n', '\\n')}\\n' "$event" "$event" >> "$out"
done
exit $code
`,
  );
  chmodSync(path, 0o755);
  return (await findPerf(join(folder, name)))!;
}

describe('doctor and profile agree', () => {
  const modelPath = join(folder, 'model.onnx');
  const options = { inputSize: 32, batchSize: 1 };
  writeFileSync(modelPath, modelBytes(describeOperator(searchSpace('nasbench201'), 'backbone/pool', options), 0));
  const request = {
    modelPath,
    settings: { threads: 1, graphOptimization: 'all', precision: 'fp32' },
    rule: {
      warmUp: { ...defaultStopRule.warmUp, windowMs: 1, maxMs: 20 },
      sampling: { minRuns: 10, maxRuns: 20, minMs: 0, maxMs: 50, tolerance: 0.5 },
    },
    cpus: undefined,
    timeoutS: 60,
    seed: 1,
  } as const;
  const row = (event: string, value: string, percent: number): string =>
    JSON.stringify({ 'counter-value': value, unit: '', event, 'event-runtime': 5, 'pcnt-running': percent });
  const counted = (event: string): string => row(event, '900.0', 100);
  const notCounted = (event: string): string => row(event, '<not counted>', 0);

  test.each([
    ['as a plain user on an Intel hybrid', 'cpu_core/EVENT/u', 'cpu_atom/EVENT/u'],
    ['as root on an Arm board', 'armv8_cortex_a76/EVENT/', 'armv8_cortex_a55/EVENT/'],
    ['with modifiers inside', 'armv8_cortex_a53/EVENT:u/', 'armv8_cortex_a72/EVENT:u/'],
    ['with a spelling that nobody foresaw', 'cpu_core@EVENT-u', 'cpu_atom@EVENT-u'],
  ])(
    '%s',
    async (name, ran, idle) => {
      const perf = await standIn(name, `${counted(ran)}\n${notCounted(idle)}`);
      const abilities = await probePerf(perf);
      expect(abilities.status['cpu-cycles']).toBe('supported');
      const { operator } = await measureOperator(onnxRuntimeNode, request, { perf, abilities });
      const promised = Object.entries(abilities.status).filter(([, status]) => status === 'supported');
      expect(promised.length).toBeGreaterThanOrEqual(12);
      for (const [counter] of promised)
        expect(operator.counters, counter).toMatchObject({ [counter]: expect.any(Number) });
    },
    60_000,
  );

  test('a generic event that counts on the other kind of core is asked for by the name of a PMU', async () => {
    const path = join(folder, 'little');
    mkdirSync(path);
    // It counts nothing of the generic events, but those of one PMU, one at a time and together.
    writeFileSync(
      join(path, 'perf'),
      `#!/bin/sh
[ "$1" = --version ] && { echo 'perf version 6.1.9'; exit 0; }
while [ "$1" != -- ]; do case $1 in -o) out=$2;; -e) events=$2;; esac; shift; done
open='{' close='}' IFS=,
events=\${events#"$open"}
for event in \${events%"$close"}; do
  case $event in
    armv8_cortex_a72/*) printf '${counted('%s')}\\n' "$event" >> "$out";;
    armv8_cortex_a53/*) printf '${notCounted('%s')}\\n' "$event" >> "$out";;
    *) printf '${notCounted('%s')}\\n' "$event" >> "$out";;
  esac
done
`,
    );
    chmodSync(join(path, 'perf'), 0o755);
    const perf = (await findPerf(path))!;
    const pmus = ['armv8_cortex_a53', 'armv8_cortex_a72'];
    const abilities = await probePerf(perf, undefined, pmus);
    expect(abilities.status).toMatchObject({ instructions: 'supported', 'LLC-stores': 'not counted' });
    const cycles = abilities.sets[0]!.find(({ counter }) => counter === 'cpu-cycles')!;
    expect(cycles.event).toBe('armv8_cortex_a72/cpu_cycles/');
    const rows = parsePerfJson(counted('armv8_cortex_a72/cpu_cycles/u')).rows;
    expect(countPerInference(rows, [cycles], 9).get('cpu-cycles')).toMatchObject({
      value: 100,
      pmu: 'armv8_cortex_a72',
    });
    // One PMU: there is no other kind of core.
    expect((await probePerf(perf, undefined, ['armv8_cortex_a72'])).status.instructions).toBe('not counted');
  }, 60_000);

  test('where nothing ran on any PMU that knows the event, neither promises it', async () => {
    const perf = await standIn('idle', notCounted('cpu_atom/EVENT/'));
    const abilities = await probePerf(perf);
    expect(abilities.status.instructions).toBe('not counted');
    expect(abilities.sets).toEqual([]);
    const { operator } = await measureOperator(onnxRuntimeNode, request, { perf, abilities });
    expect(operator.counters.instructions).toBe('not-counted');
  }, 60_000);
});

describe('counters that doctor promised and a profile is without', () => {
  const latency = { medianMs: 1, trimmedMeanMs: null, spreadMs: null };
  const operator = (counters: Descriptor['operators'][string]['counters']): Descriptor['operators'][string] => ({
    latency,
    runs: 10,
    counters,
    runningPercent: {},
  });
  const status = { 'cpu-cycles': 'supported', instructions: 'supported', 'LLC-loads': 'unsupported' } as const;
  const lost = (...operators: Descriptor['operators'][string][]) =>
    lostCounters(
      {
        list: 'nasbench201',
        inputSize: 32,
        batchSize: 1,
        counters: {},
        operators: Object.fromEntries(operators.map((each, i) => [`s/o${i}`, each])),
      },
      status,
    );

  test('are those that no operator has', () => {
    expect(lost(operator({ 'cpu-cycles': 'not-counted' }), operator({ instructions: 5 }))).toEqual(['cpu-cycles']);
    expect(lost(operator({}), operator({}))).toEqual(['cpu-cycles', 'instructions']);
    expect(lost(operator({ 'cpu-cycles': 0, instructions: 0 }))).toEqual([]);
    expect(lost({ ...operator({}), latency: 'unsupported' })).toEqual([]);
    expect(lostCounters(null, status)).toEqual([]);
  });

  test('are told loudly, by name and with what to try', () => {
    expect(lostCountersWarning([])).toBeUndefined();
    const warning = lostCountersWarning(['cpu-cycles', 'instructions']);
    expect(warning).toMatch(
      /^WARNING: 2 counters are missing .*doctor calls them supported: cpu-cycles, instructions\./,
    );
    expect(warning).toContain('perf stat -e cpu-cycles ');
  });
});
