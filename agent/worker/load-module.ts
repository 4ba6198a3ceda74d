// Finds a runtime's package that is not bundled: beside the agent, or in the folder the agent was started in.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DomainError } from '#core/errors.ts';
import { loadQuietly } from '#core/onnx/quiet-environment.ts';

/** Where packages are looked for. */
const bases = (): string[] => [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href];

/** The file that a package's name stands for.
 * @throws DomainError `program-missing` when it is not installed */
export function moduleFile(name: string): string {
  for (const base of bases()) {
    try {
      return createRequire(base).resolve(name);
    } catch {
      // It may be in the other place.
    }
  }
  throw new DomainError('program-missing', `package '${name}' is not installed. To have it: npm install ${name}`);
}

/** @throws DomainError `program-missing` when the package is not installed or does not load on this platform. */
export function requireModule(name: string): unknown {
  let cause: unknown;
  for (const base of bases()) {
    try {
      return loadQuietly(() => createRequire(base)(name) as unknown, process.env);
    } catch (error) {
      cause = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' ? (cause ?? error) : error;
    }
  }
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
  throw new DomainError('program-missing', `package '${name}' does not load: ${reason}. ${wayOut(name, reason)}`, {
    cause,
  });
}

/** Whether a package is there but was built for another C library: what the loader says on musl, and with an old
 * glibc. */
export function isLibraryMismatch(reason: string): boolean {
  return /ld-linux|ld-musl|libc\.musl|GLIBC(XX)?_\d|symbol not found|__(\w+)_chk/.test(reason);
}

/** What to do about a package that does not load. */
export function wayOut(name: string, reason: string): string {
  if (!isLibraryMismatch(reason)) return `To have it: npm install ${name}`;
  return (
    'It was built for another C library (glibc) than this system has, as on Alpine. What works here: npm install ' +
    'onnxruntime-web, then --runtime onnxruntime-web'
  );
}
