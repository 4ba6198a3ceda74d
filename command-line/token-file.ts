// Files that hold a token are for their owner only.
import { statSync } from 'node:fs';

/** What to tell a person of a file with a token that others may read, as a line; undefined where nobody else may, there
 * is no such file, or the system has no modes (Windows). */
export function exposedToken(file: string): string | undefined {
  const mode = process.platform === 'win32' ? 0 : (statSync(file, { throwIfNoEntry: false })?.mode ?? 0);
  if ((mode & 0o044) === 0) return undefined;
  const octal = (mode & 0o777).toString(8);
  return `warning: ${file} holds a token, and others may read it (mode ${octal}): chmod 600 ${file}\n`;
}
