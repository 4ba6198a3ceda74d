// The published split of the shipped table: training targets as in HELP (Lee et al. 2021, arXiv 2106.08630), and
// devices of the table that are not among them to evaluate on.
import type { Split } from '../shipped-table.ts';

export const ofaSplit: Split = {
  train: ['2080ti_1', '2080ti_32', '2080ti_64', 'titan_rtx_1', 'titan_rtx_32', 'titan_rtx_64'],
  test: ['titan_xp_1', 'titan_xp_32', 'titan_xp_64'],
  trainRows: { first: 0, last: 3999 },
  testRows: { first: 4000, last: 4999 },
};
