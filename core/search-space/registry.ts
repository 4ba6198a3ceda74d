// The search spaces by id.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { SearchSpace, SearchSpaceId } from './search-space.ts';
import { spaces } from './spaces.ts';

export const searchSpaces: readonly SearchSpace[] = spaces;

export const searchSpaceIds: readonly SearchSpaceId[] = searchSpaces.map(({ id }) => id);

/** @throws DomainError `unknown-search-space`, naming those there are */
export function searchSpace(id: string): SearchSpace {
  const space = searchSpaces.find((candidate) => candidate.id === id);
  if (space === undefined) {
    const message = `search space ${quoteText(id)} not found; there are: ${searchSpaceIds.join(', ')}`;
    throw new DomainError('unknown-search-space', message, { issues: [{ path: 'searchSpace', message }] });
  }
  return space;
}
