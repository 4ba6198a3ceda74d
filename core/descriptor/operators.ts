// The operators of each search space that a hardware-runtime descriptor describes, in the order of its vector. A stage
// is named by its place (its input size follows from the workload's), so that one list serves every input size.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

const cellOperators = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'] as const;
const backboneBlocks = ['stem', 'resblock1', 'resblock2', 'pool', 'lastact', 'classifier'] as const;

/** Channels of NAS-Bench-201's three stages; stage s works at inputSize / 2^(s-1). */
export const nasbench201StageChannels = [16, 32, 64] as const;

// The 5 × 3 operators and 6 backbone blocks of MAPLE-Edge (arXiv 2204.12950; keys of saeejithnair/maple-edge, there
// fixed to input 224: 224/16, 112/32, 56/64).
const nasbench201Operators = [
  ...nasbench201StageChannels.flatMap((_, stage) => cellOperators.map((operator) => `stage${stage + 1}/${operator}`)),
  ...backboneBlocks.map((block) => `backbone/${block}`),
];

/** Operator keys by search space. A space without operators takes no descriptor yet: its profiles say `null`. */
export const descriptorOperators: Readonly<Record<SearchSpaceId, readonly string[]>> = {
  nasbench201: nasbench201Operators,
  fbnet: [],
  ofa: [],
};
