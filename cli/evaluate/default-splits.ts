// The published split of the shipped tables: training targets as in HELP (arXiv 2106.08630), and devices of the tables
// that are not among them to evaluate on. Rows count from 0 and include both ends.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

export interface Rows {
  readonly first: number;
  readonly last: number;
}

export interface Split {
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly trainRows: Rows;
  readonly testRows: Rows;
}

const cpusAndPhones = ['silver_4114', 'silver_4210r', 'samsung_a50', 'pixel3', 'essential_ph_1', 'samsung_s7'];

export const defaultSplits: Readonly<Record<SearchSpaceId, Split>> = {
  nasbench201: {
    train: ['1080ti_1', '1080ti_32', '1080ti_256', ...cpusAndPhones],
    test: ['titanx_1', 'titanx_32', 'titanx_256', 'gold_6240'],
    trainRows: { first: 0, last: 899 },
    testRows: { first: 900, last: 1899 },
  },
  fbnet: {
    train: ['1080ti_1', '1080ti_32', '1080ti_64', ...cpusAndPhones],
    test: ['titanx_1', 'titanx_32', 'titanx_64', 'gold_6240'],
    trainRows: { first: 0, last: 3999 },
    testRows: { first: 4000, last: 4999 },
  },
  ofa: {
    train: ['2080ti_1', '2080ti_32', '2080ti_64', 'titan_rtx_1', 'titan_rtx_32', 'titan_rtx_64'],
    test: ['titan_xp_1', 'titan_xp_32', 'titan_xp_64'],
    trainRows: { first: 0, last: 3999 },
    testRows: { first: 4000, last: 4999 },
  },
};
