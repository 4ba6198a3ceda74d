// Permutations of axes, as Transpose's attribute `perm` has them: output axis i is input axis perm[i].

/** The permutation that undoes `perm`. */
export const invert = (perm: readonly number[]): number[] => {
  const inverse = new Array<number>(perm.length);
  for (const [i, axis] of perm.entries()) inverse[axis] = i;
  return inverse;
};

/** First `a`, then `b`. */
export const compose = (a: readonly number[], b: readonly number[]): number[] => b.map((axis) => a[axis]!);

/** The shape after a transpose by `perm`. */
export const permuted = (shape: readonly number[], perm: readonly number[]): number[] =>
  perm.map((axis) => shape[axis]!);

/** Whether a transpose by `perm` leaves everything where it is. */
export const isIdentity = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i);

/** The permutation of what is left when axes of the *input* are removed; the others keep their order in it. */
export function squeezed(perm: readonly number[], axes: readonly number[]): number[] {
  const left = perm.map((_, i) => i).filter((i) => !axes.includes(i));
  return perm.filter((axis) => !axes.includes(axis)).map((axis) => left.indexOf(axis));
}

/** The permutation when axes of size 1 are inserted at the same places before and after it. */
export function unsqueezed(perm: readonly number[], axes: readonly number[]): number[] {
  const rank = perm.length + axes.length;
  const old = Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i));
  let at = 0;
  return Array.from({ length: rank }, (_, i) => (axes.includes(i) ? i : old[perm[at++]!]!));
}
