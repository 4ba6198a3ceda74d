// EventBridge Scheduler's expressions as far as one machine runs them: rate(…) and simple cron(…).
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
import { Cron } from 'croner';
import { StackError } from '../stack-error.ts';

const unitsMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** When a schedule runs next, strictly after a moment; undefined: never again. */
export type NextRun = (after: Date) => Date | undefined;

/** @throws StackError for an expression that would mean something else here than in the cloud */
export function parseScheduleExpression(expression: string, timezone: string): NextRun {
  const fail = (why: string): never => {
    throw new StackError(`schedule '${expression}': ${why}`);
  };
  const [, kind, body = ''] = /^(rate|cron|at)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'rate') {
    const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(body) ?? [];
    if (!Number(count)) return fail('a rate is a positive number of minutes, hours or days');
    const periodMs = Number(count) * unitsMs[unit as keyof typeof unitsMs];
    return (after) => new Date(after.getTime() + periodMs);
  }
  if (kind !== 'cron') return fail('the embedded stack runs rate(…) and cron(…)');
  const fields = body.trim().split(/\s+/);
  if (fields.length !== 6) return fail('cron has six fields: minutes hours day-of-month month day-of-week year');
  if (
    /[#LW]/.test(
      fields
        .slice(0, 5)
        .join(' ')
        .replaceAll(/JUL|WED/gi, ''),
    )
  ) {
    return fail("'#', 'L' and 'W' count differently in the cloud and here");
  }
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields.map((field) => (field === '?' ? '*' : field));
  // EventBridge counts the days of a week from 1 = Sunday, croner from 0.
  const weekdays = (dayOfWeek ?? '').replaceAll(/(?<!\/)\d+/g, (day) => String(Number(day) - 1));
  const pattern = ['0', minutes, hours, dayOfMonth, month, weekdays, year].join(' ');
  try {
    const cron = new Cron(pattern, { timezone, paused: true });
    return (after) => cron.nextRun(after) ?? undefined;
  } catch (cause) {
    throw new StackError(`schedule '${expression}': ${(cause as Error).message}`, { cause });
  }
}
