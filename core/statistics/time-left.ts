// How long work of several parts still takes, from what has been seen of it. The parts come one after the other. Each
// has a size, in units of any kind of which one takes about as long in each part; how wrong that is shows as soon as
// a part begins, and from then on its own pace counts.

export interface WorkPart {
  /** Parts of one kind (each seed's fit, say) have one pace. */
  readonly kind: string;
  readonly units: number;
  /** What a unit is, where parts differ in it. Units of one name are a measure beside each other, those of another one
   * are none: how long they take is not known before some were seen. */
  readonly unit?: string;
  /** So many units are under way at once: before more than these have ended, their pace is not known. */
  readonly atOnce?: number;
  /** Its units are a rough guess beside those of other kinds: nothing is said while more than a third of what is left
   * rests on it. So a guess that is four times too low, or far too high, leaves the time within a factor of two. */
  readonly rough?: boolean;
}

/** How far a part is. */
export interface PartProgress {
  /** Share that was done when it began, 0 to 1: by an earlier start. */
  readonly before: number;
  /** Share that is done, 0 to 1. */
  readonly done: number;
  /** Seconds since it began, until it ended. */
  readonly spentS: number;
}

/** Share of all units that has to be seen before anything is said. */
const leastSeen = 0.01;
/** Until this share of the units of a kind is seen, its pace is partly that of all work so far. */
const trusted = 0.05;
/** Share of what is left that may rest on rough guesses. */
const mostGuessed = 1 / 3;

const notBegun: PartProgress = { before: 0, done: 0, spentS: 0 };

/** Seconds; undefined where it is not known: as long as hardly anything was seen to advance.
 * @param progress of the parts that have begun, by their index */
export function timeLeftS(parts: readonly WorkPart[], progress: ReadonlyMap<number, PartProgress>): number | undefined {
  const all = parts.map((part, i) => ({ ...part, ...(progress.get(i) ?? notBegun) }));
  const lefts = [...grouped(all, ({ unit = '' }) => unit).values()].map(leftOfComparable);
  if (lefts.includes(undefined)) return undefined;
  const sum = (of: (left: Left) => number): number => lefts.reduce((total, left) => total + of(left!), 0);
  const leftS = sum((left) => left.leftS);
  return sum((left) => left.guessedS) > mostGuessed * leftS ? undefined : leftS;
}

interface Left {
  readonly leftS: number;
  /** Part of it that rests on rough guesses. */
  readonly guessedS: number;
}

function leftOfComparable(parts: readonly (WorkPart & PartProgress)[]): Left | undefined {
  const whole = sumsOf(parts);
  if (whole.left === 0) return { leftS: 0, guessedS: 0 };
  const least = Math.max(leastSeen * whole.units, ...parts.map(({ atOnce = 0 }) => atOnce));
  if (whole.seen <= least || whole.spentS <= 0) return undefined;
  return [...grouped(parts, ({ kind }) => kind).values()].reduce<Left>(
    (sum, ofKind) => {
      const kind = sumsOf(ofKind);
      if (kind.left === 0) return sum;
      const borrowed = Math.max(0, trusted * kind.units - kind.seen);
      const pace = (kind.spentS + (borrowed * whole.spentS) / whole.seen) / (kind.seen + borrowed);
      const leftS = kind.left * pace;
      const guessed = ofKind.some(({ rough }) => rough) ? borrowed / (kind.seen + borrowed) : 0;
      return { leftS: sum.leftS + leftS, guessedS: sum.guessedS + guessed * leftS };
    },
    { leftS: 0, guessedS: 0 },
  );
}

/** Map.groupBy, which the oldest Node of a device lacks. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function sumsOf(parts: readonly (WorkPart & PartProgress)[]) {
  const sum = (of: (part: WorkPart & PartProgress) => number): number => parts.reduce((all, part) => all + of(part), 0);
  return {
    units: sum(({ units }) => units),
    seen: sum(({ units, before, done }) => units * (done - before)),
    left: sum(({ units, done }) => units * (1 - done)),
    spentS: sum(({ spentS }) => spentS),
  };
}

export interface WorkClock {
  /** A part is so far, 0 to 1; its first report begins it, and ends those before it. */
  report(part: number, done: number): void;
  leftS(): number | undefined;
}

interface Begun {
  readonly atS: number;
  readonly before: number;
  done: number;
  endS?: number;
  /** What was reported, and when. */
  readonly seen: { readonly atS: number; readonly done: number }[];
}

/** The pace of the later half of what was seen counts: a machine may have become busy or idle. */
function underWay({ atS, before, done, seen }: Begun, nowS: number): PartProgress {
  const from = seen.findLast((point) => point.done <= (before + done) / 2) ?? { atS, done: before };
  return { before: from.done, done, spentS: nowS - from.atS };
}

/** Follows work by a clock. Between two reports the time left runs down; in a long silence no further than to half of
 * what the pace says that it would be, silence included.
 * @param nowS seconds of any monotonic clock */
export function workClock(parts: readonly WorkPart[], nowS: () => number): WorkClock {
  const begun = new Map<number, Begun>();
  let reported: { readonly atS: number; readonly leftS: number | undefined } | undefined;
  const byPace = (): number | undefined => {
    const progress = [...begun].map(([i, part]): [number, PartProgress] => {
      const { atS, before, done, endS } = part;
      return [i, endS === undefined ? underWay(part, nowS()) : { before, done, spentS: endS - atS }];
    });
    return timeLeftS(parts, new Map(progress));
  };
  return {
    report(part, done) {
      for (const [i, other] of begun)
        if (i < part && other.endS === undefined) Object.assign(other, { done: 1, endS: nowS() });
      const known = begun.get(part) ?? { atS: nowS(), before: done, done, seen: [] };
      begun.set(part, known);
      known.done = done;
      known.seen.push({ atS: nowS(), done });
      if (done >= 1) known.endS ??= nowS();
      reported = { atS: nowS(), leftS: byPace() };
    },
    leftS() {
      const paceS = byPace();
      if (reported?.leftS === undefined || paceS === undefined) return undefined;
      return Math.max(reported.leftS - (nowS() - reported.atS), paceS / 2);
    },
  };
}

/** `40 s left`, `time left unknown`. */
export const leftInWords = (leftS: number | undefined): string =>
  leftS === undefined ? 'time left unknown' : `${Math.ceil(leftS)} s left`;
