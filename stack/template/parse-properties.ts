// Parses the properties of one resource; a property that is not in the schema is refused by name.
import * as z from 'zod';
import { StackError } from '../stack-error.ts';
import type { PlannedResource } from './plan.ts';

/** A property that has no effect on one machine. */
export const ignored = z.unknown().optional();

/** The properties of a resource as the embedded stack knows them.
 * @throws StackError naming the resource and what it has that the stack cannot run */
export function parseProperties<Schema extends z.ZodType>(resource: PlannedResource, schema: Schema): z.infer<Schema> {
  const result = schema.safeParse(resource.properties);
  if (result.success) return result.data;
  const where = `${resource.type} ${resource.stack.name}.${resource.id}`;
  throw new StackError(`the embedded stack cannot run this ${where}:\n${z.prettifyError(result.error)}`);
}
