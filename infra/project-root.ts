// Where the repository starts, whatever the working directory of the synth is.
import { fileURLToPath } from 'node:url';

/** Absolute, without a trailing slash. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
