// Seeded randomness as an argument: the same seed gives the same draws on every machine; and the port for
// randomness that secrets are made of, which is none of this file's.
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [0, end). */
  integer(end: number): number;
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number;
  /** exp(uniform(ln low, ln high)); both bounds positive. */
  logUniform(low: number, high: number): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Gamma(shape, scale 1), shape > 0 (Marsaglia and Tsang 2000). */
  gamma(shape: number): number;
  /** Dirichlet(concentration): sums to 1. */
  dirichlet(concentration: readonly number[]): number[];
  /** `count` distinct integers of [0, end), in random order. */
  choose(end: number, count: number): Int32Array;
}

/** A port to randomness that nobody can guess, for secrets and ids. @returns `count` bytes */
export type RandomBytes = (count: number) => Uint8Array;

/** Neighbouring seeds must not give neighbouring streams: the generator's state starts almost empty, so the seed's bits
 * are spread (the finaliser of MurmurHash3) and the first outputs, while the state fills, are thrown away. */
function started(seed: number) {
  let bits = seed | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  const generator = xoroshiro128plus(bits ^ (bits >>> 16));
  for (let i = 0; i < 64; i++) generator.next();
  return generator;
}

/** A generator that gives the same draws for the same seed (an integer, 32 bits are used). Not for secrets. */
export function seededRandom(seed: number): Random {
  const generator = started(seed);
  let spare: number | undefined;
  const next = (): number => (generator.next() >>> 0) / 2 ** 32;
  const random: Random = {
    next,
    integer: (end) => Math.floor(next() * end),
    uniform: (low, high) => low + (high - low) * next(),
    logUniform: (low, high) => Math.exp(random.uniform(Math.log(low), Math.log(high))),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      for (;;) {
        const u = 2 * next() - 1;
        const v = 2 * next() - 1;
        const s = u * u + v * v;
        if (s > 0 && s < 1) {
          const factor = Math.sqrt((-2 * Math.log(s)) / s);
          spare = v * factor;
          return u * factor;
        }
      }
    },
    gamma(shape) {
      if (shape < 1) return random.gamma(shape + 1) * (1 - next()) ** (1 / shape);
      const d = shape - 1 / 3;
      const c = 1 / Math.sqrt(9 * d);
      for (;;) {
        const x = random.normal();
        const v = (1 + c * x) ** 3;
        if (v > 0 && Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
      }
    },
    dirichlet(concentration) {
      const draws = concentration.map((a) => random.gamma(a));
      const total = draws.reduce((a, b) => a + b, 0);
      return draws.map((x) => x / total);
    },
    choose(end, count) {
      if (count > end) throw new RangeError(`cannot choose ${count} of ${end}`);
      const moved = new Map<number, number>();
      return Int32Array.from({ length: count }, (_, i) => {
        const j = i + random.integer(end - i);
        const picked = moved.get(j) ?? j;
        moved.set(j, moved.get(i) ?? i);
        return picked;
      });
    },
  };
  return random;
}
