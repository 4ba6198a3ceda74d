// How long a set of jobs still takes, so many at a time in the order given.

/** One job as it was last heard of. Times in seconds of one clock, progress as a share from 0 to 1. */
export interface TrainingJob {
  /** Undefined: not begun. */
  readonly begun?: { readonly atS: number; readonly reports: readonly Report[] };
}

export interface Report {
  readonly atS: number;
  readonly share: number;
}

/** Seconds from `nowS`; undefined where it is not known: before anything was seen to advance, and where a job takes
 * longer than its pace promised, so that the pace tells nothing any more. Jobs without a pace of their own are taken to
 * be as slow as the mean of the others. */
export function startLeftS(jobs: readonly TrainingJob[], threads: number, nowS: number): number | undefined {
  const paces = jobs.map(paceOf);
  const known = paces.filter((pace) => pace !== undefined);
  if (known.length === 0) return undefined;
  const mean = known.reduce((sum, pace) => sum + pace, 0) / known.length;
  const running: number[] = [];
  const waiting: number[] = [];
  for (const [i, { begun }] of jobs.entries()) {
    const pace = paces[i] ?? mean;
    const last = begun && (begun.reports.at(-1) ?? { atS: begun.atS, share: 0 });
    if (!last) waiting.push(pace);
    else if (last.share < 1) {
      const leftS = last.atS + pace * (1 - last.share) - nowS;
      if (leftS <= 0) return undefined;
      running.push(leftS);
    }
  }
  const ends = [...running, ...Array.from({ length: Math.max(0, threads - running.length) }, () => 0)];
  for (const seconds of waiting) {
    const first = ends.indexOf(Math.min(...ends));
    ends[first] = ends[first]! + seconds;
  }
  return Math.max(0, ...ends);
}

/** Seconds for the whole job. From the first report on where there are two: what comes before it is also loading, or
 * was done by an earlier start. A share that stood at the first moment is no pace. */
function paceOf({ begun }: TrainingJob): number | undefined {
  const last = begun?.reports.at(-1);
  if (!begun || !last) return undefined;
  const first = begun.reports.length > 1 ? begun.reports[0]! : { atS: begun.atS, share: 0 };
  const [tookS, advanced] = [last.atS - first.atS, last.share - first.share];
  return tookS > 0 && advanced > 0 ? tookS / advanced : undefined;
}
