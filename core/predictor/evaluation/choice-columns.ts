// What the baseline knows of an architecture: its choices, as someone would write them down who has ten measurements
// and an afternoon. No kernels, no costs, nothing of any search space in particular.
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';

export interface ChoiceColumns {
  /** Row-major [architectures × width]. */
  readonly features: Float32Array;
  readonly width: number;
}

/**
 * A one-hot of every decision, one column a choice up to the largest that occurs. Where architectures state their own
 * input size (Once-for-All), one column more has it in pixels, so that it counts as a number too.
 */
export function choiceColumns(
  { networks }: Pick<SearchSpace, 'networks'>,
  architectures: readonly Architecture[],
): ChoiceColumns {
  const choices: number[] = [];
  for (const architecture of architectures) {
    for (const [decision, choice] of architecture.entries()) {
      choices[decision] = Math.max(choices[decision] ?? 0, choice + 1);
    }
  }
  const starts = choices.map((_, decision) => choices.slice(0, decision).reduce((sum, count) => sum + count, 0));
  const ends = choices.reduce((sum, count) => sum + count, 0);
  const width = ends + (networks.inputSizes === null ? 1 : 0);
  const features = new Float32Array(architectures.length * width);
  for (const [row, architecture] of architectures.entries()) {
    for (const [decision, choice] of architecture.entries()) features[row * width + starts[decision]! + choice] = 1;
    if (networks.inputSizes === null) features[row * width + ends] = networks.chain(architecture, null).blocks[0]!.size;
  }
  return { features, width };
}
