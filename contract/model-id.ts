// How a model is named on the wire; apart, so that who only asks about models loads nothing that takes them in.
import * as z from 'zod';

export const modelIdSchema = z
  .string()
  .max(256)
  .describe("Id of a model: SHA-256 of its graph's canonical form, hex. The same graph is the same id.");
