// Writes docs/profile.schema.json, the JSON Schema (2020-12) of the profile format, from the zod schema. A test fails
// when the committed file is not what this writes. Run: node scripts/write-profile-schema.ts
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { profileSchema } from '#core/dataset/profile.ts';

export const profileSchemaPath = fileURLToPath(new URL('../docs/profile.schema.json', import.meta.url));

/** A line of printable text, for readers of the schema whose patterns know no classes of Unicode (Python's): wider than
 * the service's own, which stands in docs/profile-format.md. */
const portableLine = '^[^\\s\\u0000-\\u001f\\u007f-\\u009f]+(?: [^\\s\\u0000-\\u001f\\u007f-\\u009f]+)*$';

/** What JSON Schema cannot say (one architecture once, operators of the search space) stands in
 * docs/profile-format.md. */
export function profileJsonSchema(): string {
  const schema = z.toJSONSchema(profileSchema, { target: 'draft-2020-12', io: 'input', reused: 'inline', override });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Patterns that Python reads too; and no `format` beside a pattern that says all of it, which plain ajv refuses. */
function override({ jsonSchema }: { jsonSchema: { pattern?: string; format?: string } }): void {
  if (jsonSchema.pattern?.includes('\\p{')) jsonSchema.pattern = portableLine;
  if (jsonSchema.pattern !== undefined) delete jsonSchema.format;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(profileSchemaPath, profileJsonSchema());
