import { expect, test } from 'vitest';
import { seededRandom } from '#core/random.ts';

test('the same seed gives the same draws, another seed others', () => {
  const draws = (seed: number) => {
    const random = seededRandom(seed);
    return [random.next(), random.normal(), random.gamma(0.4), random.integer(10), ...random.choose(20, 5)];
  };
  expect(draws(7)).toEqual(draws(7));
  expect(draws(7)).not.toEqual(draws(8));
});

test('moments of normal and gamma draws are those of the distributions', () => {
  const random = seededRandom(1);
  const n = 200_000;
  let normalSum = 0;
  let normalSquares = 0;
  let gammaSum = 0;
  for (let i = 0; i < n; i++) {
    const z = random.normal();
    normalSum += z;
    normalSquares += z * z;
    gammaSum += random.gamma(0.4);
  }
  // Five standard errors of each mean.
  expect(Math.abs(normalSum / n)).toBeLessThan(5 / Math.sqrt(n));
  expect(Math.abs(normalSquares / n - 1)).toBeLessThan((5 * Math.SQRT2) / Math.sqrt(n));
  expect(Math.abs(gammaSum / n - 0.4)).toBeLessThan((5 * Math.sqrt(0.4)) / Math.sqrt(n));
});

test('choose gives distinct indices and every index its share', () => {
  const random = seededRandom(3);
  const hits = new Array<number>(10).fill(0);
  for (let i = 0; i < 5000; i++) {
    const picked = random.choose(10, 3);
    expect(new Set(picked).size).toBe(3);
    for (const j of picked) hits[j]!++;
  }
  for (const h of hits) expect(Math.abs(h - 1500)).toBeLessThan(5 * Math.sqrt(5000 * 0.3 * 0.7));
});

test('neighbouring seeds give unrelated streams', () => {
  const n = 4000;
  let agreement = 0;
  for (let seed = 0; seed < n; seed++) {
    const near = Math.floor(seededRandom(seed).next() * 10) === Math.floor(seededRandom(seed + 1).next() * 10);
    agreement += near ? 1 : 0;
  }
  expect(Math.abs(agreement - n / 10)).toBeLessThan(5 * Math.sqrt(n * 0.1 * 0.9));
});
