// The search space `nasbench201`: CIFAR networks of one repeated cell with six searched edges.

import { nasbench201Networks } from './nasbench201/network.ts';
import { isConnectedCell } from './nasbench201-canonical.ts';
import { enumerateCells, formatCell, nasbench201Title, parseCell, sampleCell } from './nasbench201-cell.ts';
import { encodeCells, nasbench201FeatureNames } from './nasbench201-features.ts';
import { nasbench201Simulator } from './nasbench201-simulator.ts';
import type { SearchSpace } from './search-space.ts';

export const nasbench201: SearchSpace = {
  id: 'nasbench201',
  title: nasbench201Title,
  example: '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|',
  featureNames: nasbench201FeatureNames,
  parse: parseCell,
  format: formatCell,
  encode: encodeCells,
  isConnected: isConnectedCell,
  sample: sampleCell,
  enumerate: enumerateCells,
  networks: nasbench201Networks,
  simulator: nasbench201Simulator,
};
