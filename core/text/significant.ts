// Numbers as they go over the wire: short, and exact enough that no reader can tell the difference.

/** Exact doubles, every one. */
const powersOfTen = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** Positive numbers of one order of magnitude, and what rounds them. */
interface Decade {
  /** Inclusive. */
  readonly low: number;
  /** Exclusive. */
  readonly high: number;
  readonly scale: number;
}
const noDecade: Decade = { low: 0, high: 0, scale: 1 };

/** The double nearest to x with `digits` significant decimal digits; it prints with that many. */
export function significant(x: number, digits: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const scale = powersOfTen[digits - 1 - Math.floor(Math.log10(Math.abs(x)))];
  // The one division rounds correctly.
  return scale === undefined ? Number(x.toPrecision(digits)) : Math.round(x * scale) / scale;
}

/** Each value as `significant` gives it. Neighbours of one order of magnitude, as latencies are, share the search for
 * their scale. */
export function significantEach(values: Float64Array, digits: number): number[] {
  const rounded: number[] = [];
  let decade = noDecade;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x < decade.low || x >= decade.high) decade = decadeOf(x, digits);
    const isInside = x >= decade.low && x < decade.high;
    rounded.push(isInside ? Math.round(x * decade.scale) / decade.scale : significant(x, digits));
  }
  return rounded;
}

/** Empty where numbers like x have no scale. */
function decadeOf(x: number, digits: number): Decade {
  const exponent = Math.floor(Math.log10(x));
  const scale = powersOfTen[digits - 1 - exponent];
  return scale === undefined ? noDecade : { low: 10 ** exponent, high: 10 ** (exponent + 1), scale };
}
