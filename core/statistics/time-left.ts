// How long work of several parts still takes, from what has been seen of it. The parts come one after the other. Each
// has a size, in units of any kind of which one takes about as long in each part; how wrong that is shows as soon as
// a part begins, and from then on its own pace counts.

export interface WorkPart {
  /** Parts of one kind (each seed's fit, say) have one pace. */
  readonly kind: string;
  readonly units: number;
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

/** Seconds; undefined where it is not known: as long as hardly anything was seen to advance.
 * @param progress of the parts that have begun, by their index */
export function timeLeftS(parts: readonly WorkPart[], progress: ReadonlyMap<number, PartProgress>): number | undefined {
  const seen = { units: 0, spentS: 0 };
  const kinds = new Map<string, { readonly units: number; seen: number; spentS: number; left: number }>();
  for (const [i, { kind, units }] of parts.entries()) {
    const { before, done, spentS } = progress.get(i) ?? { before: 0, done: 0, spentS: 0 };
    const advanced = units * (done - before);
    const all = kinds.get(kind) ?? { units: 0, seen: 0, spentS: 0, left: 0 };
    kinds.set(kind, {
      units: all.units + units,
      seen: all.seen + advanced,
      spentS: all.spentS + spentS,
      left: all.left + units * (1 - done),
    });
    seen.units += advanced;
    seen.spentS += spentS;
  }
  const whole = parts.reduce((sum, { units }) => sum + units, 0);
  const remaining = [...kinds.values()].reduce((sum, { left }) => sum + left, 0);
  if (remaining === 0) return 0;
  if (seen.units <= leastSeen * whole || seen.spentS <= 0) return undefined;
  let leftS = 0;
  for (const kind of kinds.values()) {
    const borrowed = Math.max(0, trusted * kind.units - kind.seen);
    const pace = (kind.spentS + (borrowed * seen.spentS) / seen.units) / (kind.seen + borrowed);
    if (kind.left > 0) leftS += kind.left * pace;
  }
  return leftS;
}

export interface WorkClock {
  /** A part is so far, 0 to 1; its first report begins it, and ends those before it. */
  report(part: number, done: number): void;
  leftS(): number | undefined;
}

/** Follows work by a clock.
 * @param nowS seconds of any monotonic clock */
export function workClock(parts: readonly WorkPart[], nowS: () => number): WorkClock {
  const begun = new Map<number, { readonly atS: number; readonly before: number; done: number; endS?: number }>();
  return {
    report(part, done) {
      for (const [i, other] of begun)
        if (i < part && other.endS === undefined) Object.assign(other, { done: 1, endS: nowS() });
      const known = begun.get(part) ?? { atS: nowS(), before: done, done };
      begun.set(part, known);
      known.done = done;
      if (done >= 1) known.endS ??= nowS();
    },
    leftS() {
      const progress = [...begun].map(([i, { atS, before, done, endS }]): [number, PartProgress] => [
        i,
        { before, done, spentS: (endS ?? nowS()) - atS },
      ]);
      return timeLeftS(parts, new Map(progress));
    },
  };
}

/** `about 40 s left`, `time left unknown`. */
export const leftInWords = (leftS: number | undefined): string =>
  leftS === undefined ? 'time left unknown' : `${Math.ceil(leftS)} s left`;
