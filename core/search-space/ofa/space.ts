// The search space `ofa`: Once-for-All MobileNetV3 for ImageNet, an input resolution and five stages of two to four
// blocks, each with a kernel size and an expansion.
import type { SearchSpace } from '../search-space.ts';
import { encodeOfa, ofaFeatureNames } from './features.ts';
import { ofaNetworks } from './network.ts';
import { ofaSplit } from './shipped-table.ts';
import { ofaSimulator } from './simulator.ts';
import { formatOfa, ofaTextUnits, ofaTitle, parseOfa, sampleOfa } from './text.ts';

export const ofa: SearchSpace<'ofa'> = {
  id: 'ofa',
  title: ofaTitle,
  example: 'r204|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4-k5e3',
  textUnits: ofaTextUnits,
  featureNames: ofaFeatureNames,
  parse: parseOfa,
  format: formatOfa,
  encode: encodeOfa,
  isConnected: () => true,
  sample: sampleOfa,
  networks: ofaNetworks,
  headMixture: 0,
  shippedTable: ofaSplit,
  simulator: ofaSimulator,
};
