import { expect, test } from 'vitest';
import * as z from 'zod';
import { numberList } from '#core/store/long-list.ts';

test('a list of numbers is what an array of numbers is', () => {
  const array = z.array(z.number());
  const values = [
    ...[[], [0], [1, -2.5, 1e300], [Number.NaN], [Number.POSITIVE_INFINITY], [1, null], [1, '1'], [undefined], [1n]],
    ...['', null, undefined, 1, {}, { length: 0 }, new Float64Array(1)],
  ];
  expect(values.map((value) => numberList.safeParse(value).success)).toEqual(
    values.map((value) => array.safeParse(value).success),
  );
});

test('a fault is said of the list', () => {
  const form = z.strictObject({ mean: numberList });
  const { issues } = form.safeParse({ mean: [1, Number.NaN] }).error!;
  expect(issues).toMatchObject([{ path: ['mean'], message: 'expected a list of finite numbers' }]);
});
