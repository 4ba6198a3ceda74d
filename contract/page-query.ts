// How a request asks for a page of a list, the same for every list.
import * as z from 'zod';
import { queryInteger, queryIntegerMeta } from './query-integer.ts';

const mostItems = 200;
const usualItems = 50;

/** Members of a list's query: how many items a page has, and where it begins.
 * @param items what the list is of, for the description of `limit`: `Devices a page.` */
export const pageQuery = (items: string) => ({
  limit: queryInteger(mostItems)
    .default(usualItems)
    .meta(queryIntegerMeta(mostItems, items, { default: usualItems })),
  cursor: z.string().max(1024).optional().describe('nextCursor of the page before.'),
});
