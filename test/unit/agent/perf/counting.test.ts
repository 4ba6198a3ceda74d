import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { controlOptions, makeControlPipes } from '#agent/perf/control.ts';
import { countPerInference } from '#agent/perf/count-per-inference.ts';
import { type CounterEvent, counterEvents } from '#agent/perf/events.ts';
import { parsePerfCsv } from '#agent/perf/parse-csv.ts';
import { parsePerfJson } from '#agent/perf/parse-json.ts';
import { findPerf, perfStat } from '#agent/perf/perf-command.ts';
import { fittingSets, judge, probePerf } from '#agent/perf/probe.ts';
import { counterNames } from '#core/descriptor/counters.ts';

const read = (name: string): string => readFileSync(new URL(`../../../fixtures/perf/${name}`, import.meta.url), 'utf8');
const events = (...names: string[]): CounterEvent[] => counterEvents.filter((event) => names.includes(event.counter));

describe('counts per inference', () => {
  test('are divided by the runs, and what is missing says why', () => {
    const rows = parsePerfCsv(read('recorded/csv.txt')).rows;
    const values = countPerInference(rows, events('task-clock-ms', 'page-faults', 'cpu-migrations', 'cpu-cycles'), 10);
    expect(values.get('task-clock-ms')).toEqual({ value: 0.7 / 10, runningPercent: 100, event: 'task-clock' });
    expect(values.get('page-faults')?.value).toBe(5.8);
    expect(values.get('cpu-migrations')?.value).toBe(0);
    expect(values.get('cpu-cycles')).toEqual({ value: 'unsupported', event: 'cycles' });
  });

  test('an event without a row is not counted', () => {
    expect(countPerInference([], events('instructions'), 5).get('instructions')).toEqual({
      value: 'not-counted',
      event: 'instructions',
    });
  });

  test('a multiplexed counter says for how long it really counted', () => {
    const rows = parsePerfCsv(read('constructed/repeats-multiplexed-csv.txt')).rows;
    const values = countPerInference(rows, events('instructions', 'LLC-loads', 'LLC-load-misses'), 1);
    expect(values.get('instructions')).toMatchObject({ value: 181003221, runningPercent: 83 });
    expect(values.get('LLC-load-misses')).toMatchObject({ value: 1201, runningPercent: 50 });
    expect(values.get('LLC-loads')?.value).toBe('not-counted');
  });

  test('hybrid: one PMU counted gives its value and name, two that count side by side their sum', () => {
    const pinned = parsePerfCsv(read('constructed/hybrid-one-pmu-csv.txt')).rows;
    expect(countPerInference(pinned, events('cpu-cycles'), 1).get('cpu-cycles')).toMatchObject({
      value: 1843201,
      pmu: 'cpu_core',
    });
    const roaming = parsePerfJson(read('published/hybrid-json.txt')).rows;
    expect(countPerInference(roaming, events('cpu-cycles'), 1).get('cpu-cycles')).toEqual({
      value: 18685492 + 255620352,
      runningPercent: 54,
      pmu: 'cpu_core+cpu_atom',
      event: 'cpu_core/cycles/ + cpu_atom/cycles/',
    });
  });

  test('what happens inside the kernel reads 0 in user mode and is no count', () => {
    const rows = parsePerfCsv(read('recorded/csv-plain-user.txt')).rows;
    const values = countPerInference(rows, events('context-switches', 'cpu-migrations', 'page-faults'), 1);
    expect(values.get('context-switches')?.value).toBe('not-counted');
    expect(values.get('cpu-migrations')?.value).toBe('not-counted');
    expect(values.get('page-faults')?.value).toBe(54);
  });

  test('any output of perf gives each wanted counter a value or a reason', () => {
    const row = fc.record({
      event: fc.constantFrom('cycles', 'cpu_core/cycles/', 'cycles:u', 'task-clock', 'page-faults', 'x'),
      value: fc.oneof(fc.nat(), fc.constantFrom('unsupported' as const, 'not-counted' as const)),
      unit: fc.constant(''),
      runtimeNs: fc.constant(undefined),
      runningPercent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 1, max: 1000 }), (rows, runs) => {
        const values = countPerInference(rows, counterEvents, runs);
        expect([...values.keys()]).toEqual([...counterNames]);
        for (const { value, runningPercent } of values.values()) {
          if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0);
          else expect(runningPercent).toBeUndefined();
        }
      }),
    );
  });
});

describe('probing', () => {
  const answer = (stderr: string, stdout = ''): Parameters<typeof judge>[0] => ({
    ...parsePerfCsv(stdout),
    program: { stdout: '', stderr, exitCode: 255, signal: null, timedOut: false },
  });

  test('tells what is missing from what is forbidden', () => {
    const anywhere = { kernelOnly: false };
    expect(judge(answer(read('recorded/not-permitted.txt')), anywhere)).toBe('not permitted');
    expect(judge(answer(read('recorded/unknown-event.txt')), anywhere)).toBe('unsupported');
    expect(judge(answer('', '<not supported>;;cycles;0;100.00;;'), anywhere)).toBe('unsupported');
    expect(judge(answer('', '12;;cycles:u;5;100.00;;'), anywhere)).toBe('supported');
    expect(judge(answer('', '0;;context-switches:u;5;100.00;;'), { kernelOnly: true })).toBe('not permitted');
    expect(judge(answer('', '0;;context-switches;5;100.00;;'), { kernelOnly: true })).toBe('supported');
  });

  test('puts events into the fewest sets that fit, here of two counters and one event that fits nowhere', async () => {
    const hardware = counterEvents.filter((event) => event.kind === 'hardware').slice(0, 6);
    const sets = await fittingSets(hardware, (set) =>
      Promise.resolve(set.length <= 2 && !set.some((event) => event.counter === 'cache-misses')),
    );
    expect(sets.map((set) => set.map((event) => event.counter))).toEqual([
      ['cpu-cycles', 'instructions'],
      ['cache-references', 'L1-dcache-loads'],
      ['L1-dcache-load-misses'],
    ]);
  });
});

const perf = await findPerf();

// Debian and Ubuntu: linux-perf, linux-tools-*.
describe.skipIf(perf === undefined)('perf of this machine (skipped where there is none)', () => {
  const removals: (() => void)[] = [];
  afterEach(() => {
    for (const remove of removals.splice(0)) remove();
  });

  test('counts a real program', async () => {
    const run = await perfStat(perf!, 'task-clock,page-faults', ['sleep', '0.01'], { timeoutS: 20 });
    expect(run.program.exitCode).toBe(0);
    expect(run.rows.map((row) => [row.event.replace(/:u$/, ''), typeof row.value])).toEqual([
      ['task-clock', 'number'],
      ['page-faults', 'number'],
    ]);
  });

  test('every counter is probed; software events count on any machine', async () => {
    const abilities = await probePerf(perf!);
    expect(Object.keys(abilities.status)).toEqual([...counterNames]);
    expect(abilities.status['task-clock-ms']).toBe('supported');
    expect(abilities.software.map((event) => event.counter)).toContain('page-faults');
    const inSets = abilities.sets.flat().map((event) => abilities.status[event.counter]);
    expect(inSets.every((status) => status === 'supported')).toBe(true);
  }, 60_000);

  test.skipIf(perf?.hasControl === false)(
    'counts exactly the region between enable and disable',
    () => {
      const pipes = makeControlPipes();
      removals.push(pipes.remove);
      const control = new URL('../../../../agent/perf/control.ts', import.meta.url).href;
      // 64 MiB touched before, 4 MiB inside, 64 MiB after: at 4 KiB a page the region alone has about 1,024 faults.
      const script = `
      import { switchCounters } from '${control}';
      const touch = (mib) => Buffer.allocUnsafeSlow(mib * 2 ** 20).fill(1);
      const kept = [touch(64)];
      switchCounters('enable'); kept.push(touch(4)); switchCounters('disable');
      kept.push(touch(64));
      if (kept.length !== 3) process.exit(1);`;
      const command = ['-x', ';', '-e', 'page-faults', '--', process.execPath, '--input-type=module', '-e', script];
      const [program, ...args] = pipes.wrap([perf!.path, 'stat', ...controlOptions, '--log-fd', '2', ...command]);
      const output = execFileSync('sh', ['-c', 'exec "$@" 2>&1', 'sh', program, ...args], { encoding: 'utf8' });
      const faults = parsePerfCsv(output).rows[0]!.value as number;
      expect(faults).toBeGreaterThanOrEqual(1);
      expect(faults).toBeLessThan(8000); // 128 MiB outside would be some 32,000.
    },
    30_000,
  );
});
