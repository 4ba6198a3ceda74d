// What a person sees while search spaces are made ready: one bar on a terminal, a line every few seconds anywhere else.
// Other lines go through `say`, so that they do not run into the bar.
import { Presets, SingleBar } from 'cli-progress';
import { leftInWords, type WorkPart, workClock } from '#core/statistics/time-left.ts';

/** What comes one after the other. */
export interface ShownJob {
  readonly name: string;
  /** One after the other, too; their units say how much of the job each is. */
  readonly parts: readonly WorkPart[];
}

export interface ScreenProgress {
  begin(name: string): void;
  /** @param share of the part that is done, 0 to 1; those before it are done
   * @param doing what is being done
   * @param part of the job; default: the first one */
  report(name: string, share: number, doing: string, part?: number): void;
  /** All of a job is done. */
  done(name: string): void;
  stop(): void;
}

export interface Screen {
  say(line: string): void;
  /** One at a time. Shown from the first report on. */
  progress(jobs: readonly ShownJob[]): ScreenProgress;
}

export interface ScreenOptions {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Seconds between two lines where there is no terminal. Default 5. */
  readonly everyS?: number;
  /** Monotonic, ms. */
  readonly now?: () => number;
}

/** What `npm start` shows: lines, and a bar or a line every `everyS` seconds for what takes long, on a terminal and in
 * a log. */
export function screen({ stream, everyS = 5, now = () => performance.now() }: ScreenOptions): Screen {
  let bar: { hide(): void; show(): void } | undefined;

  function say(line: string): void {
    bar?.hide();
    stream.write(`${line}\n`);
    bar?.show();
  }

  function progress(jobs: readonly ShownJob[]): ScreenProgress {
    const clock = workClock(
      jobs.flatMap(({ parts }) => parts),
      () => now() / 1000,
    );
    const begun = new Map<string, { share: number; doing: string }>();
    const shareOf = (name: string): number => begun.get(name)?.share ?? 0;
    const state = () => {
      const each = jobs.map(
        ({ name }) => `${name} ${Math.floor(100 * shareOf(name))} % ${begun.get(name)?.doing ?? 'waits'}`,
      );
      return { left: leftInWords(clock.leftS()), each: each.join(', ') };
    };
    const total = (): number => jobs.reduce((sum, { name }) => sum + shareOf(name), 0) / jobs.length;
    let draw: { update(): void; stop(): void } | undefined;

    function drawLines() {
      const line = (): void => {
        const { left, each } = state();
        stream.write(`${each}; ${left}\n`);
      };
      const timer = setInterval(line, everyS * 1000);
      line();
      return { update: () => {}, stop: () => clearInterval(timer) };
    }

    function drawBar() {
      const format = '[{bar}] {percentage} % | {left} | {each}';
      const options = { format, stream, barsize: 24, hideCursor: true, clearOnComplete: true, gracefulExit: false };
      const single = new SingleBar(options, Presets.legacy);
      const update = (): void => single.update(Math.round(1000 * total()), state());
      bar = {
        hide: () => single.stop(),
        show: () => single.start(1000, Math.round(1000 * total()), state()),
      };
      bar.show();
      const timer = setInterval(update, 500);
      const stop = (): void => {
        clearInterval(timer);
        bar = undefined;
        single.stop();
      };
      return { update, stop };
    }

    function show(name: string, { share, doing, part }: Reported): void {
      const at = jobs.findIndex((job) => job.name === name);
      const shareOfJob = doneOf(jobs[at]!.parts, part, share);
      begun.set(name, { share: shareOfJob, doing });
      clock.report(
        jobs.slice(0, at).reduce((sum, { parts }) => sum + parts.length, part),
        share,
      );
      // Where all is in place there is nothing to show.
      if (shareOfJob < 1) draw ??= stream.isTTY ? drawBar() : drawLines();
      draw?.update();
    }

    return {
      begin(name) {
        begun.set(name, { share: 0, doing: 'waits' });
      },
      report: (name, share, doing, part = 0) => show(name, { share, doing, part }),
      done(name) {
        const { parts } = jobs.find((job) => job.name === name)!;
        show(name, { share: 1, doing: 'ready', part: parts.length - 1 });
      },
      stop: () => draw?.stop(),
    };
  }

  return { say, progress };
}

interface Reported {
  readonly share: number;
  readonly doing: string;
  readonly part: number;
}

/** Share of all parts, 0 to 1, when one of them is so far. */
function doneOf(parts: readonly WorkPart[], part: number, share: number): number {
  const unitsOf = (some: readonly WorkPart[]): number => some.reduce((sum, { units }) => sum + units, 0);
  return (unitsOf(parts.slice(0, part)) + share * parts[part]!.units) / unitsOf(parts);
}
