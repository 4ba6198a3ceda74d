// The search spaces there are, by id. A new space is one file that implements SearchSpace and one line here.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { fbnet } from './fbnet.ts';
import { nasbench201 } from './nasbench201.ts';
import { ofa } from './ofa.ts';
import { type SearchSpace, type SearchSpaceId, searchSpaceIds } from './search-space.ts';

const byId: Record<SearchSpaceId, SearchSpace> = { nasbench201, fbnet, ofa };

export const searchSpaces: readonly SearchSpace[] = searchSpaceIds.map((id) => byId[id]);

/** @throws DomainError `unknown-search-space`, naming those there are */
export function searchSpace(id: string): SearchSpace {
  const space = searchSpaces.find((candidate) => candidate.id === id);
  if (space === undefined) {
    const known = searchSpaces.map((candidate) => candidate.id).join(', ');
    const message = `search space ${quoteText(id)} not found; there are: ${known}`;
    throw new DomainError('unknown-search-space', message, { issues: [{ path: 'searchSpace', message }] });
  }
  return space;
}
