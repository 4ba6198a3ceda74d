// Student's t distribution, as far as 95 % intervals of a mean need it.

/** 97.5 % quantiles for 1 to 30 degrees of freedom (any table of the distribution). */
const quantiles = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** 97.5 % quantile of Student's t: a two-sided 95 % interval of a mean is as many standard errors to each side. Three
 * decimals from a table up to 30 degrees of freedom; above, the first terms of its expansion around the normal quantile
 * (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5).
 * @param freedom degrees of freedom, a whole number from 1 */
export function studentT975(freedom: number): number {
  const z = 1.959964;
  return (
    quantiles[freedom - 1] ??
    z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
  );
}
