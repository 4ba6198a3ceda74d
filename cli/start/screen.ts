// What a person sees while search spaces are made ready: one bar on a terminal, a line every few seconds anywhere else.
// Other lines go through `say`, so that they do not run into the bar.
import { Presets, SingleBar } from 'cli-progress';
import { leftInWords, type WorkPart, workClock } from '#core/statistics/time-left.ts';

/** What comes one after the other. */
export interface ShownJob extends WorkPart {
  readonly name: string;
}

export interface ScreenProgress {
  begin(name: string): void;
  /** @param share of the work that is done, 0 to 1
   * @param doing what is being done */
  report(name: string, share: number, doing: string): void;
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
    const clock = workClock(jobs, () => now() / 1000);
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

    return {
      begin(name) {
        begun.set(name, { share: 0, doing: 'waits' });
      },
      report(name, share, doing) {
        begun.set(name, { share, doing });
        const at = jobs.findIndex((job) => job.name === name);
        clock.report(at, share);
        // Where all is in place there is nothing to show.
        if (share < 1) draw ??= stream.isTTY ? drawBar() : drawLines();
        draw?.update();
      },
      stop: () => draw?.stop(),
    };
  }

  return { say, progress };
}
