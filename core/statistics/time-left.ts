// How long work of several parts still takes, from what has been seen of it. The parts come one after the other. Each
// has a size, in units of any kind of which one takes about as long in each part; how wrong that is shows as soon as
// a part begins, and from then on its own pace counts.

export interface WorkPart {
  /** Parts of one kind (each seed's fit, say) have one pace. */
  readonly kind: string;
  readonly units: number;
  /** Its units are no measure beside those of other kinds: how long it takes is not known before one of its kind has
   * begun. */
  readonly alone?: boolean;
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

const notBegun: PartProgress = { before: 0, done: 0, spentS: 0 };

/** Seconds; undefined where it is not known: as long as hardly anything was seen to advance.
 * @param progress of the parts that have begun, by their index */
export function timeLeftS(parts: readonly WorkPart[], progress: ReadonlyMap<number, PartProgress>): number | undefined {
  const begun = new Set(parts.flatMap(({ kind }, i) => (progress.has(i) ? [kind] : [])));
  if (parts.some(({ alone, kind }) => alone && !begun.has(kind))) return undefined;
  const all = parts.map((part, i) => ({ ...part, ...(progress.get(i) ?? notBegun) }));
  const comparable = grouped(all, ({ kind, alone }) => (alone ? kind : ''));
  const lefts = [...comparable.values()].map(leftOfComparable);
  return lefts.reduce((sum, left) => (sum === undefined || left === undefined ? undefined : sum + left), 0);
}

function leftOfComparable(parts: readonly (WorkPart & PartProgress)[]): number | undefined {
  const whole = sumsOf(parts);
  if (whole.left === 0) return 0;
  if (whole.seen <= leastSeen * whole.units || whole.spentS <= 0) return undefined;
  return [...grouped(parts, ({ kind }) => kind).values()].map(sumsOf).reduce((sum, kind) => {
    const borrowed = Math.max(0, trusted * kind.units - kind.seen);
    const pace = (kind.spentS + (borrowed * whole.spentS) / whole.seen) / (kind.seen + borrowed);
    return kind.left === 0 ? sum : sum + kind.left * pace;
  }, 0);
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

/** Follows work by a clock.
 * @param nowS seconds of any monotonic clock */
export function workClock(parts: readonly WorkPart[], nowS: () => number): WorkClock {
  const begun = new Map<number, Begun>();
  return {
    report(part, done) {
      for (const [i, other] of begun)
        if (i < part && other.endS === undefined) Object.assign(other, { done: 1, endS: nowS() });
      const known = begun.get(part) ?? { atS: nowS(), before: done, done, seen: [] };
      begun.set(part, known);
      known.done = done;
      known.seen.push({ atS: nowS(), done });
      if (done >= 1) known.endS ??= nowS();
    },
    leftS() {
      const progress = [...begun].map(([i, part]): [number, PartProgress] => {
        const { atS, before, done, endS } = part;
        return [i, endS === undefined ? underWay(part, nowS()) : { before, done, spentS: endS - atS }];
      });
      return timeLeftS(parts, new Map(progress));
    },
  };
}

/** `about 40 s left`, `time left unknown`. */
export const leftInWords = (leftS: number | undefined): string =>
  leftS === undefined ? 'time left unknown' : `${Math.ceil(leftS)} s left`;
