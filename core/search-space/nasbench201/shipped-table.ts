// The published split of the shipped table: training targets and devices to evaluate on as in HELP (Lee et al. 2021,
// arXiv 2106.08630).
import type { Split } from '../shipped-table.ts';

export const nasbench201Split: Split = {
  train: [
    '1080ti_1',
    '1080ti_32',
    '1080ti_256',
    'silver_4114',
    'silver_4210r',
    'samsung_a50',
    'pixel3',
    'essential_ph_1',
    'samsung_s7',
  ],
  test: ['titanx_1', 'titanx_32', 'titanx_256', 'gold_6240'],
  trainRows: { first: 0, last: 899 },
  testRows: { first: 900, last: 1899 },
};
