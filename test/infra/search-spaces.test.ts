// The infrastructure imports no domain code and names the search spaces itself.
import { expect, test } from 'vitest';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import { config } from '#infra/config.ts';

test('every search space is trained on a schedule; a new one is added to config.training.searchSpaces', () => {
  expect(config.training.searchSpaces).toEqual(searchSpaceIds);
});
