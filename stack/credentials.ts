// The credentials of the embedded S3 endpoint: made once for a state folder, and readable by its owner only.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { writeDurably } from './durable-file.ts';
import type { Credentials } from './lambda/environment.ts';
import { setAside } from './set-aside.ts';

const credentialsSchema = z.strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) });

/** Those of a state folder; new ones where there are none or where the file is damaged, which is said. */
export function keptCredentials(stateDir: string): Credentials {
  const file = join(resolve(stateDir), 'credentials.json');
  if (existsSync(file)) {
    const kept = parseCredentials(readFileSync(file, 'utf8'));
    if (kept) return kept;
    setAside(
      file,
      resolve(stateDir),
      'it does not hold the key and the secret of the S3 endpoint',
      'New ones are made: places for uploads that were signed with the old ones are refused, everything else goes on.',
    );
  }
  const made: Credentials = {
    accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
  writeDurably(file, JSON.stringify(made), 0o600);
  return made;
}

function parseCredentials(text: string): Credentials | undefined {
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
