// The published split of the shipped table: training targets as in HELP (Lee et al. 2021, arXiv 2106.08630), and
// devices of the table that are not among them to evaluate on.
import type { Split } from '../shipped-table.ts';

export const fbnetSplit: Split = {
  train: [
    '1080ti_1',
    '1080ti_32',
    '1080ti_64',
    'silver_4114',
    'silver_4210r',
    'samsung_a50',
    'pixel3',
    'essential_ph_1',
    'samsung_s7',
  ],
  test: ['titanx_1', 'titanx_32', 'titanx_64', 'gold_6240'],
  trainRows: { first: 0, last: 3999 },
  testRows: { first: 4000, last: 4999 },
};
