// Writes docs/openapi.json, the document that the service answers at /openapi.json. A test says when it is out of date.
import { writeFile } from 'node:fs/promises';
import { openApiDocument } from '#contract/document.ts';

const file = new URL('../docs/openapi.json', import.meta.url);
await writeFile(file, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
console.log('wrote docs/openapi.json');
