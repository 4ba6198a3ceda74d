// A search space as requests name it. A file of its own, so that a function loads no more of the contract than its own
// routes.
import * as z from 'zod';
import { searchSpaceIds } from '#core/search-space/registry.ts';

/** Any name: one that is not there is answered with 404 and those that are, not as a malformed request. */
export const searchSpaceNameSchema = z
  .string()
  .max(256)
  .meta({ description: `A search space: ${searchSpaceIds.join(', ')}.`, example: 'nasbench201' });
