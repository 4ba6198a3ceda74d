// How a request asks for a page of a list, the same for every list.
import * as z from 'zod';

/** Members of a list's query: how many items a page has, and where it begins.
 * @param items what the list is of, for the description of `limit`: `Devices a page.` */
export const pageQuery = (items: string) => ({
  limit: z.coerce
    .number<number>()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ description: items, override: { type: 'integer', minimum: 1, maximum: 200, default: 50 } }),
  cursor: z.string().max(1024).optional().describe('nextCursor of the page before.'),
});
