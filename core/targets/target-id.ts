// What a target's id looks like. A file of its own, so that who only checks a name does not load what a record is.
import * as z from 'zod';

/** Also a part of keys and URLs. */
export const targetIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, '1 to 128 letters, digits, dots, underscores and hyphens');
