// The profiles of a folder (*.json.gz), each with the name of its file.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Profile } from '#core/dataset/profile.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { DomainError } from '#core/errors.ts';

/** In the order of their names.
 * @throws DomainError `invalid-usage` where there is no folder, no profile in it, or what is none */
export function profilesOf(folder: string): { readonly id: string; readonly profile: Profile }[] {
  if (!existsSync(folder)) throw new DomainError('invalid-usage', `--folder: there is no ${folder}`);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json.gz'));
  if (files.length === 0) throw new DomainError('invalid-usage', `--folder ${folder}: no profile (*.json.gz) in it`);
  return files.sort().map((file) => ({ id: file.replace('.json.gz', ''), profile: profileIn(join(folder, file)) }));
}

function profileIn(path: string): Profile {
  try {
    return anyProfileSchema.parse(JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause).split('\n')[0] : (cause as Error).message;
    throw new DomainError('invalid-usage', `--folder: ${path} is no profile: ${why}`, { cause });
  }
}
