// Runs the template's schedules while the stack runs. A time that passed while it did not is not made up for.
import { randomUUID } from 'node:crypto';
import type { SchedulePlan } from '../template/plan-training.ts';
import { type NextRun, parseScheduleExpression } from './expression.ts';

/** The longest that a timer of JavaScript waits. */
const longestWaitMs = 2 ** 31 - 1;

export class Scheduler {
  readonly #run: (targetArn: string, input: string) => void;
  readonly #now: () => number;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /**
   * @param run starts what the schedule's target names
   * @param now ms since the epoch
   * @throws StackError for an expression that the embedded stack does not run
   */
  constructor(
    schedules: readonly SchedulePlan[],
    run: (targetArn: string, input: string) => void,
    now: () => number = Date.now,
  ) {
    this.#run = run;
    this.#now = now;
    const parsed = schedules.map((plan) => ({ plan, next: parseScheduleExpression(plan.expression, plan.timezone) }));
    for (const { plan, next } of parsed) if (plan.enabled) this.#plan(plan, next, new Date(now()));
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #plan(plan: SchedulePlan, next: NextRun, after: Date): void {
    const at = next(after);
    if (at) this.#wait(plan, next, at);
  }

  #wait(plan: SchedulePlan, next: NextRun, at: Date): void {
    const waitMs = Math.max(0, at.getTime() - this.#now());
    const timer = setTimeout(
      () => {
        if (waitMs > longestWaitMs) return this.#wait(plan, next, at);
        this.#plan(plan, next, at);
        this.#run(plan.targetArn, fillIn(plan.input, at));
      },
      Math.min(waitMs, longestWaitMs),
    );
    timer.unref();
    this.#timers.set(plan.name, timer);
  }
}

/** Context attributes in the input, as the Scheduler replaces them. */
function fillIn(input: string, at: Date): string {
  return input
    .replaceAll('<aws.scheduler.scheduled-time>', `${at.toISOString().slice(0, 19)}Z`)
    .replaceAll('<aws.scheduler.execution-id>', randomUUID())
    .replaceAll('<aws.scheduler.attempt-number>', '1');
}
