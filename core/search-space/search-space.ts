// What a search space is to the rest of Sugarbush. One folder a space implements it; spaces.ts lists them.
import type { Random } from '#core/random.ts';
import type { Architecture } from './architecture.ts';
import type { Networks } from './network/network.ts';
import type { Split } from './shipped-table.ts';
import type { spaces } from './spaces.ts';

export type { Architecture } from './architecture.ts';

/** Id of one of the search spaces that Sugarbush knows. */
export type SearchSpaceId = (typeof spaces)[number]['id'];

export interface SearchSpace<Id extends string = SearchSpaceId> {
  readonly id: Id;
  readonly title: string;
  /** A valid architecture text, for documentation and error messages. */
  readonly example: string;
  /** The words and separators that texts are made of, and nothing else: `skip` and `,`, `k3e6` and `-`. */
  readonly textUnits: readonly string[];
  /** Canonical text → choices; white space around it does not matter. @throws DomainError `invalid-architecture`: which
   * part is wrong and what is allowed. */
  parse(text: string): Architecture;
  /** Choices → canonical text; `format(parse(t)) === t` for every valid t. */
  format(architecture: Architecture): string;
  /** Whether the architecture computes anything (a NAS-Bench-201 cell may have no path from input to output). */
  isConnected(architecture: Architecture): boolean;
  /** One architecture drawn uniformly over the decisions. */
  sample(random: Random): Architecture;
  /** All architectures in a fixed order, where the space is small enough to have them all (NAS-Bench-201). */
  enumerate?(): IterableIterator<Architecture>;
  /** The networks that architectures stand for: `describeNetwork` and its neighbours build them. */
  readonly networks: Networks;
  /** The published split of the table in `data/`; null: the project ships no measurements of this space. */
  readonly shippedTable: Split | null;
}
