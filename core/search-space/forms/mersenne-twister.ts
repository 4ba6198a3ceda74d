// The order that Python's `random.seed(n)` and `random.shuffle` give a list: MT19937 (Matsumoto and Nishimura 1998,
// doi 10.1145/272991.272995), seeded by an array of one word, drawn from by rejection. For orders that others
// published; everything of our own draws from core/random.ts.

const words = 624;
const middle = 397;

/**
 * Shuffles as CPython 3 does after `random.seed(seed)`.
 * @param seed a whole number, 0 inclusive to 2³² exclusive
 * @returns a new list; `items` stays as it is
 */
export function shuffledAsPython<T>(items: readonly T[], seed: number): T[] {
  const next = mersenneTwister(seed);
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const chosen = below(last + 1, next);
    [shuffled[last], shuffled[chosen]] = [shuffled[chosen]!, shuffled[last]!];
  }
  return shuffled;
}

/** Uniform in [0, end): as many high bits as `end` has, drawn again until they are below it. */
function below(end: number, next: () => number): number {
  const unused = Math.clz32(end);
  for (;;) {
    const drawn = next() >>> unused;
    if (drawn < end) return drawn;
  }
}

/** Whole numbers of 32 bits, one a call. */
function mersenneTwister(seed: number): () => number {
  const state = seeded(seed);
  let at = words;
  return () => {
    if (at === words) {
      renew(state);
      at = 0;
    }
    let bits = state[at++]!;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  };
}

function seeded(seed: number): Uint32Array {
  const state = new Uint32Array(words);
  const mixed = (at: number): number => state[at - 1]! ^ (state[at - 1]! >>> 30);
  state[0] = 19_650_218;
  for (let i = 1; i < words; i++) state[i] = Math.imul(1_812_433_253, mixed(i)) + i;
  let i = 1;
  const step = (multiplier: number, added: number): void => {
    state[i] = (state[i]! ^ Math.imul(mixed(i), multiplier)) + added;
    if (++i < words) return;
    state[0] = state[words - 1]!;
    i = 1;
  };
  for (let round = 0; round < words; round++) step(1_664_525, seed);
  for (let round = 1; round < words; round++) step(1_566_083_941, -i);
  state[0] = 0x80000000;
  return state;
}

function renew(state: Uint32Array): void {
  for (let i = 0; i < words; i++) {
    const joined = (state[i]! & 0x80000000) | (state[(i + 1) % words]! & 0x7fffffff);
    state[i] = state[(i + middle) % words]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}
