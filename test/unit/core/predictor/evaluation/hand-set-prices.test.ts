// Kernel counts with hand-set prices, by hand.
import { expect, test } from 'vitest';
import { handSetLatencies, handSetMs } from '#core/predictor/evaluation/hand-set-prices.ts';
import { runConstant } from '#core/predictor/kernels/kernel-features.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { convolution, sum } from '../tiny-data.ts';

test('a launch, and the dearer of work and traffic', () => {
  expect(handSetMs(runConstant)).toBe(0.005);
  // 294,912 multiply-accumulates at 20 M a ms are 0.0147456 ms, more than 7680 floats at 2.5 M a ms.
  expect(handSetMs(convolution)).toBeCloseTo(0.005 + 0.0147456, 12);
  expect(handSetMs({ ...convolution, macs: 0 })).toBeCloseTo(0.005 + 7680 / 2.5e6, 12);
});

test('measurements give one factor: the geometric mean of theirs', () => {
  const table = kernelTable();
  const rows = [[table.row([{ kernel: convolution, count: 2 }])], [table.row([{ kernel: sum, count: 1 }])]];
  const own = [0.005 + 2 * handSetMs(convolution), 0.005 + handSetMs(sum)];
  const asTheyStand = handSetLatencies({ table, rows }, [], new Float64Array(0));
  expect([...asTheyStand]).toEqual(own.map((ms) => expect.closeTo(ms, 12)));
  // Off by 2 and by 8: by 4 altogether.
  const scaled = handSetLatencies({ table, rows }, [1, 0], Float64Array.of(2 * own[1]!, 8 * own[0]!));
  expect([...scaled]).toEqual(own.map((ms) => expect.closeTo(4 * ms, 12)));
});
