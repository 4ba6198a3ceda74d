// Numbers as they go over the wire: short, and exact enough that no reader can tell the difference.

/** The double nearest to x with `digits` significant decimal digits; it prints with that many. */
export function significant(x: number, digits: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const decimals = digits - 1 - Math.floor(Math.log10(Math.abs(x)));
  // Powers of ten up to 10^22 are exact doubles, so that the one division rounds correctly.
  if (decimals >= 0 && decimals <= 22) {
    const scale = 10 ** decimals;
    return Math.round(x * scale) / scale;
  }
  return Number(x.toPrecision(digits));
}
