// Imported before whatever makes a schema: zod then walks the schemas, where else it would compile each at its first
// use. That is worth it where one is used many times; of a first answer it would be a fifteenth.
import * as z from 'zod';

z.config({ jitless: true });
