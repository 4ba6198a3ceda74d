// Finds a runtime's package that is not bundled: beside the agent, or in the folder the agent was started in.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DomainError } from '#core/errors.ts';
import { loadQuietly } from '#core/onnx/quiet-environment.ts';

/** @throws DomainError `program-missing` when the package is not installed or does not load on this platform. */
export function requireModule(name: string): unknown {
  const from = [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href];
  let cause: unknown;
  for (const base of from) {
    try {
      return loadQuietly(() => createRequire(base)(name) as unknown, process.env);
    } catch (error) {
      cause = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' ? (cause ?? error) : error;
    }
  }
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  throw new DomainError(
    'program-missing',
    `package '${name}' does not load: ${reason}. To have it: npm install ${name}`,
    {
      cause,
    },
  );
}
