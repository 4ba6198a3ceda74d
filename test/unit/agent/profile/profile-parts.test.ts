import { appendFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { busyBetween, cpuTimes, waitForQuiet } from '#agent/device/quiet.ts';
import type { SystemFiles } from '#agent/device/system-files.ts';
import { chooseCanaries, compareCanaries } from '#agent/profile/canaries.ts';
import { openJournal } from '#agent/profile/journal.ts';
import { thin } from '#agent/profile/measure-profile.ts';
import { exportModels, givenModels } from '#agent/profile/models.ts';
import { duration, textProgress } from '#agent/profile/progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-parts-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('canaries', () => {
  const then = ['a', 'b', 'c'].map((architecture, i) => ({
    workload: 0,
    architecture,
    medianMs: 10 * (i + 1),
    halfWidth: 0.01,
  }));
  const now = (...ratios: (number | 'unstable')[]) =>
    then.map((canary, i) => {
      const ratio = ratios[i]!;
      return ratio === 'unstable'
        ? { ...canary, stable: false }
        : { ...canary, medianMs: canary.medianMs * ratio, stable: true };
    });

  test.each([
    ['the same', [1, 1, 1], 'unchanged'],
    ['noise', [1.01, 0.99, 1.02], 'unchanged'],
    ['one moved', [1.3, 1, 1], 'unchanged'],
    ['two slower', [1.3, 1.2, 1], 'changed'],
    ['all faster', [0.8, 0.8, 0.8], 'changed'],
    ['in two directions', [1.3, 0.7, 1], 'unchanged'],
    ['all, but less than matters', [1.04, 1.04, 1.04], 'unchanged'],
    ['two steady ones slower', ['unstable', 1.2, 1.2], 'changed'],
    ['one steady one', ['unstable', 'unstable', 1.2], 'unclear'],
  ] as const)('%s', (_, ratios, verdict) => {
    expect(compareCanaries(then, now(...ratios)).verdict).toBe(verdict);
  });

  test('a change within the noise of the two measurements is none', () => {
    const noisy = now(1.15, 1.15, 1.15).map((canary) => ({ ...canary, halfWidth: 0.2 }));
    expect(compareCanaries(then, noisy).verdict).toBe('unchanged');
  });

  test('the same architecture in another workload is another network', () => {
    const twice = [...then, ...then.map((canary) => ({ ...canary, workload: 1, medianMs: 80 }))];
    const slower = twice.map((canary) => ({
      ...canary,
      stable: true,
      medianMs: canary.medianMs * (canary.workload ? 1.3 : 1),
    }));
    const { verdict, ratios } = compareCanaries(twice, slower) as { verdict: string; ratios: number[] };
    expect([verdict, ratios.map((ratio) => ratio.toFixed(1))]).toEqual([
      'unchanged',
      ['1.0', '1.0', '1.0', '1.3', '1.3', '1.3'],
    ]);
  });

  test('the fastest, the middle and the slowest are chosen', () => {
    const measured = [5, 1, 4, 2, 3].map((medianMs) => ({ medianMs }));
    expect(chooseCanaries(measured)).toEqual([{ medianMs: 1 }, { medianMs: 3 }, { medianMs: 5 }]);
    expect(chooseCanaries([{ medianMs: 2 }])).toEqual([{ medianMs: 2 }]);
  });
});

describe('journal', () => {
  const parse = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

  test('is begun anew after a day', () => {
    const file = join(folder, 'old');
    openJournal(file, 'one', parse).put('a', 1);
    const hoursAgo = (hours: number): void => utimesSync(file, new Date(), new Date(Date.now() - 3_600_000 * hours));
    hoursAgo(23);
    expect(openJournal(file, 'one', parse).get('a')).toBe(1);
    hoursAgo(25);
    expect(openJournal(file, 'one', parse).get('a')).toBeUndefined();
  });

  test('keeps what was put, for the same identity only', () => {
    const file = join(folder, 'kept');
    const journal = openJournal(file, 'one', parse);
    journal.put('a', 1);
    journal.put('b', 2);
    expect(openJournal(file, 'one', parse).get('b')).toBe(2);
    expect(openJournal(file, 'two', parse).get('b')).toBeUndefined();
    journal.remove();
    expect(openJournal(file, 'one', parse).get('a')).toBeUndefined();
  });

  test('a torn last line is lost alone, and does not swallow the next', () => {
    const file = join(folder, 'torn');
    openJournal(file, 'one', parse).put('a', 1);
    appendFileSync(file, '["one","b",');
    const journal = openJournal(file, 'one', parse);
    journal.put('c', 3);
    const again = openJournal(file, 'one', parse);
    expect([again.get('a'), again.get('b'), again.get('c')]).toEqual([1, undefined, 3]);
  });

  test('any bytes in the file are no crash', () => {
    const file = join(folder, 'any');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        writeFileSync(file, bytes);
        expect(openJournal(file, 'one', parse).get('a')).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});

describe('models', () => {
  const cell = '|none~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|';
  const workload = { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 } as const;

  test('an export is found again by operator and architecture, in the format it was converted to', () => {
    const out = join(folder, 'models');
    expect(exportModels(out, workload, [cell], 0)).toBe(22);
    writeFileSync(join(out, 'network-00000.tflite'), 'converted');
    const { models, index } = givenModels(out, '.tflite');
    expect(index).toMatchObject({ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 });
    expect(readFileSync(models.architecture(workload, cell), 'utf8')).toBe('converted');
    const { searchSpace: list, ...sizes } = workload;
    expect(() => models.operator({ list, ...sizes }, 'stage1/none')).toThrow(/operator-stage1-none.tflite is missing/);
    expect(() => models.architecture(workload, 'another')).toThrow(/no file for 'another'/);
    expect(() => models.architecture({ ...workload, batchSize: 8 }, cell)).toThrow(
      /made for nasbench201\/32\/1, not for nasbench201\/32\/8/,
    );
  });

  test('a folder that is none says so', () => {
    expect(() => givenModels(folder, '.tflite')).toThrow(/is no index of models/);
  });
});

describe('progress', () => {
  test('says how long the rest takes, by what was really measured', () => {
    let nowMs = 0;
    const lines: string[] = [];
    const progress = textProgress(
      (text) => lines.push(text),
      false,
      () => nowMs,
    );
    progress.start(1, 3);
    progress.step('a', 'known', true);
    nowMs = 10_000;
    progress.step('b', '1 ms', false);
    nowMs = 20_000;
    progress.step('c', '2 ms\nmore', false);
    progress.step('d', '3 ms', false);
    expect(lines).toEqual([
      '[1/4, time left unknown] a: known\n',
      '[2/4, 20 s left] b: 1 ms\n',
      '[3/4, 10 s left] c: 2 ms\n',
      '[4/4] d: 3 ms\n',
    ]);
  });

  test.each([
    [0, '0 s'],
    [89_000, '89 s'],
    [120_000, '2 min'],
    [3_900_000, '65 min'],
    [7_500_000, '2 h 5 min'],
  ])('%i ms is %s', (ms, text) => expect(duration(ms)).toBe(text));
});

describe('a quiet device', () => {
  const files = (stats: string[], temperature = '40000'): SystemFiles => {
    let read = 0;
    return {
      text: (path) => {
        if (path === 'proc/stat') return stats[Math.min(read++, stats.length - 1)];
        return path.endsWith('/type') ? 'cpu-thermal' : path.endsWith('_type') ? 'passive' : undefined;
      },
      number: (path) => (path.endsWith('/temp') ? Number(temperature) : path.endsWith('_temp') ? 80_000 : undefined),
      list: (path) =>
        path === 'sys/class/thermal' ? ['thermal_zone0'] : path.endsWith('zone0') ? ['trip_point_0_type'] : [],
    };
  };
  // user nice system idle iowait irq softirq steal, of two processors.
  const stat = (busy: number, idle: number): string => `cpu ${busy} 0 0 ${idle} 0 0 0 0 0 0\ncpu0 1\ncpu1 1`;
  const rule = { pauseMs: 1, maxBusyCpus: 0.3, coolMarginC: 5, maxWaitMs: 30 };

  test('processors busy between two readings, by hand', () => {
    const read = (text: string) => cpuTimes({ text: () => text, number: () => undefined, list: () => [] });
    // 50 of 100 ticks busy on two processors: one of them on average.
    expect(busyBetween(read(stat(0, 0)), read(stat(50, 50)))).toBe(1);
    expect(busyBetween(read(stat(5, 5)), read(stat(5, 5)))).toBeUndefined();
    expect(read('')).toBeUndefined();
  });

  test('idle and cool: at once; busy: waits until it is over, or says so', async () => {
    expect(await waitForQuiet(files([stat(0, 0), stat(0, 100)]), rule)).toEqual({});
    expect(await waitForQuiet(files([stat(0, 0), stat(100, 0), stat(100, 0), stat(100, 100)]), rule)).toEqual({});
    const busy = Array.from({ length: 500 }, (_, i) => stat(i * 10, 0));
    expect((await waitForQuiet(files(busy), rule)).disturbedBy).toBe('others keep 2.0 processors busy');
  });

  test('hot: says how hot', async () => {
    expect((await waitForQuiet(files([stat(0, 0), stat(0, 100)], '78000'), rule)).disturbedBy).toBe(
      '78 °C, slows down at 80 °C',
    );
  });
});

test('samples are thinned evenly, never invented', () => {
  expect(thin([1, 2, 3], 5)).toEqual([1, 2, 3]);
  expect(thin([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8]);
});
