// Traces of real profiles, evaluations and trainings, replayed: from a tenth of the way on the time that is said to be
// left is within a factor of two of what it was. test/fixtures/progress-traces/README.md says how they were recorded.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { textProgress } from '#agent/profile/progress.ts';
import { evaluationProgress } from '#cli/evaluate/evaluation-progress.ts';
import { trainingWork } from '#cli/train/train-shipped.ts';
import { workClock } from '#core/statistics/time-left.ts';

interface Trace {
  readonly command: string;
  readonly endS: number;
  readonly lines: readonly (readonly [atS: number, line: string])[];
}

interface Said {
  readonly atS: number;
  /** undefined: that it is not known. */
  readonly leftS: number | undefined;
}

const folder = new URL('../../../fixtures/progress-traces/', import.meta.url);
const traces = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Trace) }));

const seconds: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };

/** What a line says is left: `40 s left`, `1 h 5 min left`. */
function leftIn(line: string): number | undefined {
  const [said] = /(\d+ (?:s|min|h) ?)+left/.exec(line) ?? [];
  if (said === undefined) return undefined;
  return [...said.matchAll(/(\d+) (s|min|h)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * seconds[unit!]!, 0);
}

function replayProfile({ lines }: Trace): Said[] {
  const events = lines.flatMap(([atS, line]) => {
    const [, done, total, what] = /^\[(\d+)\/(\d+).*?\] (.*)/.exec(line) ?? [];
    return what === undefined || what.includes(': at it for ')
      ? []
      : [{ atS, done: Number(done), total: Number(total), what }];
  });
  // The first network, whose text has bars, stands where operators end.
  const operators = events.findIndex(({ what }) => what.includes('|'));
  let now = 0;
  let line = '';
  const progress = textProgress(
    (said) => (line = said),
    false,
    () => now * 1000,
  );
  progress.start(operators, events[0]!.total - operators);
  return events.slice(0, -1).map(({ atS, done, what }) => {
    now = atS;
    progress.step(what, '', what.includes('(measured before)'));
    expect(line).toContain(`[${done}/`);
    return { atS, leftS: leftIn(line) };
  });
}

function replayEvaluation({ lines }: Trace): Said[] {
  const events = lines.flatMap(([atS, line]) => {
    const [, seed, what, done, total] = /^seed (\d+): (step|scored) (\d+)\/(\d+)/.exec(line) ?? [];
    return what === undefined ? [] : [{ atS, seed: Number(seed), what, done: Number(done), total: Number(total) }];
  });
  const totalOf = (wanted: string): number => events.find(({ what }) => what === wanted)!.total;
  let now = 0;
  let line = '';
  const progress = evaluationProgress(
    { seeds: [...new Set(events.map(({ seed }) => seed))], steps: totalOf('step'), draws: totalOf('scored') },
    (said) => (line = said),
    () => now,
  );
  const seeds = new Map<number, ReturnType<typeof progress.seed>>();
  return events.map(({ atS, seed, what, done }) => {
    now = atS;
    const known = seeds.get(seed) ?? progress.seed(seed);
    seeds.set(seed, known);
    if (what === 'scored') known.scored(done);
    else if (done > 0) known.fitted(done, 0);
    return { atS, leftS: leftIn(line) };
  });
}

/** A fit, and then what counters tell: `step 50/1000: loss …`. */
function replayTraining({ lines }: Trace): Said[] {
  const events = lines.flatMap(([atS, line]) => {
    const [, step, steps] = /^step (\d+)\/(\d+): /.exec(line) ?? [];
    return steps === undefined ? [] : [{ atS, step: Number(step), steps: Number(steps) }];
  });
  let now = 0;
  const clock = workClock(trainingWork(events[0]!.steps), () => now);
  return events.map(({ atS, step, steps }) => {
    now = atS;
    clock.report(0, step / steps);
    return { atS, leftS: clock.leftS() };
  });
}

const isOf = (what: string) => (trace: { readonly name: string }) => trace.name.split(/[-.]/)[0] === what;

test('there are three of whole runs and one of a restarted one', () => {
  const restarted = traces.filter(({ name }) => name.includes('restarted'));
  expect([traces.length - restarted.length, restarted.length]).toEqual([3, 1]);
});

/** What was said from a tenth of the way on, and how long it really was. */
function lateOf({ endS }: Trace, said: readonly Said[]): (Said & { readonly trueS: number })[] {
  const beganS = said[0]!.atS;
  return said
    .filter(({ atS }) => atS >= beganS + 0.1 * (endS - beganS) && atS < endS)
    .map((own) => ({ ...own, trueS: endS - own.atS }));
}

/** To the second, which is what is shown. */
const isWithinTwo = ({ leftS, trueS }: { readonly leftS: number | undefined; readonly trueS: number }): boolean =>
  leftS !== undefined && leftS >= trueS / 2 - 1 && leftS <= trueS * 2 + 1;

describe.each(traces.filter(isOf('profile')))('$name', (trace) => {
  test('from a tenth of the way on within a factor of two', () => {
    const late = lateOf(trace, replayProfile(trace));
    expect(late.length).toBeGreaterThan(8);
    expect(late.filter((own) => !isWithinTwo(own))).toEqual([]);
  });
});

describe.each(traces.filter(isOf('train')))('$name', (trace) => {
  test('from a tenth of the way on within a factor of two; unknown only once what is left is mostly a guess', () => {
    const late = lateOf(trace, replayTraining(trace));
    const known = late.filter(({ leftS }) => leftS !== undefined);
    expect(known.length).toBeGreaterThan(8);
    expect(known.filter((own) => !isWithinTwo(own))).toEqual([]);
    expect(late.slice(0, known.length)).toEqual(known);
    // What counters tell is learned after the last step: it alone is left then.
    expect(late[known.length]!.trueS).toBeLessThan(0.1 * trace.endS);
  });
});

describe.each(traces.filter(isOf('evaluate')))('$name', (trace) => {
  test('is unknown until a draw was seen, and from then on within a factor of two', () => {
    const said = replayEvaluation(trace);
    const known = said.filter(({ leftS, atS }) => leftS !== undefined && atS < trace.endS);
    expect(known.length).toBeGreaterThan(8);
    expect(known.filter((own) => !isWithinTwo({ ...own, trueS: trace.endS - own.atS }))).toEqual([]);
    // Nothing is said that is not known: the draws that were seen begin where the fit has ended.
    const firstDraw = trace.lines.find(([, line]) => line.includes('scored 2/'))![0];
    expect(known[0]!.atS).toBe(firstDraw);
  });
});
