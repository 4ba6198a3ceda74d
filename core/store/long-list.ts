// Long lists in what this project has written itself, each looked through at once. An array of zod's makes a call and
// an object of each item, which for a predictor and an adaptation is a tenth of a cold start.
import * as z from 'zod';

/** A list of items that `isItem` knows; a fault is said of the whole list.
 * @param items in words, for the refusal */
export const longList = <Item>(isItem: (value: unknown) => boolean, items: string): z.ZodCustom<Item[]> =>
  z.custom<Item[]>((value) => Array.isArray(value) && value.every(isItem), `expected a list of ${items}`);

/** As `z.array(z.number())`. */
export const numberList = longList<number>(Number.isFinite, 'finite numbers');
