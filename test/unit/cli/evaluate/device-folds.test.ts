// Devices held out in groups: all settings of a device together, every scored column once.
import { expect, test } from 'vitest';
import { deviceFolds } from '#cli/evaluate/device-folds.ts';

const columns = [
  'pi-4-r10-t4-g-1',
  'pi-4-r10-t4-g0',
  'pi-4-r12-t1-g-1',
  'rk3588-r7-t4-g-1',
  'orin-r9-t6-g-1',
  'pixel3',
];

test('a device is held out with all of its columns, also those that are not scored', () => {
  const scored = columns.filter((name) => !name.endsWith('g0'));
  expect(deviceFolds(columns, scored, 2, 'a column')).toEqual([
    {
      // orin and pixel3 are first and third of the devices by name.
      train: ['pi-4-r10-t4-g-1', 'pi-4-r10-t4-g0', 'pi-4-r12-t1-g-1', 'rk3588-r7-t4-g-1'],
      test: ['orin-r9-t6-g-1', 'pixel3'],
    },
    {
      train: ['orin-r9-t6-g-1', 'pixel3'],
      test: ['pi-4-r10-t4-g-1', 'pi-4-r12-t1-g-1', 'rk3588-r7-t4-g-1'],
    },
  ]);
});

test('fewer devices to score than folds are refused', () => {
  expect(() => deviceFolds(columns, columns.slice(0, 3), 2, 'ten latencies')).toThrow(
    '--folds 2 needs as many devices with ten latencies; of these devices alone: pi-4',
  );
  expect(() => deviceFolds(columns, [], 2, 'ten latencies')).toThrow('no device has one');
});
