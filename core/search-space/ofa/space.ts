// The search space `ofa`: Once-for-All MobileNetV3 for ImageNet, an input resolution and five stages of two to four
// blocks, each with a kernel size and an expansion.
import type { SearchSpace } from '../search-space.ts';
import { ofaNetworks } from './network.ts';
import { ofaSplit } from './shipped-table.ts';
import { formatOfa, ofaTextUnits, ofaTitle, parseOfa, sampleOfa } from './text.ts';

export const ofa: SearchSpace<'ofa'> = {
  id: 'ofa',
  title: ofaTitle,
  example: 'r204|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4-k5e3',
  textUnits: ofaTextUnits,
  parse: parseOfa,
  format: formatOfa,
  isConnected: () => true,
  sample: sampleOfa,
  networks: ofaNetworks,
  shippedTable: ofaSplit,
};
