// The search space `nasbench201`: CIFAR networks of one repeated cell with six searched edges.
import type { SearchSpace } from '../search-space.ts';
import { enumerateCells, formatCell, nasbench201Operations, nasbench201Title, parseCell, sampleCell } from './cell.ts';
import { isConnectedCell } from './connected-cell.ts';
import { nasbench201Networks } from './network.ts';
import { nasbench201Split } from './shipped-table.ts';

export const nasbench201: SearchSpace<'nasbench201'> = {
  id: 'nasbench201',
  title: nasbench201Title,
  example: '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|',
  textUnits: [...nasbench201Operations, '~0', '~1', '~2', '|', '+'],
  parse: parseCell,
  format: formatCell,
  isConnected: isConnectedCell,
  sample: sampleCell,
  enumerate: enumerateCells,
  networks: nasbench201Networks,
  shippedTable: nasbench201Split,
};
