// What a power loss or a failing disk left behind and nobody can read: moved out of the way and named, so that the rest
// of the state starts. Nothing is deleted.
import { existsSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeWithParents } from '#command-line/make-folder.ts';

/**
 * Moves a file (or a folder) of the state into `{folder}/damaged/` and says on standard error what it was, where it is
 * now and what that means. One that cannot be moved stays where it is, and that is said instead.
 * @param why what is wrong with it, without a full stop
 * @param consequence what is lost with it, a whole sentence
 */
export function setAside(file: string, folder: string, why: string, consequence: string): void {
  const aside = join(folder, 'damaged');
  try {
    makeWithParents(aside);
    const place = moveToFree(join(aside, basename(file)), file);
    console.error(`stack: '${file}' is damaged: ${why}. It was moved to '${place}'. ${consequence}`);
  } catch (error) {
    const reason = (error as Error).message;
    console.error(`stack: '${file}' is damaged: ${why}. It is left where it is (${reason}). ${consequence}`);
  }
}

/** Moves to `place`, or to the first of `place.1`, `place.2`, … where nothing is. */
function moveToFree(place: string, file: string): string {
  for (let count = 0; ; count++) {
    const candidate = count === 0 ? place : `${place}.${count}`;
    if (existsSync(candidate)) continue;
    renameSync(file, candidate);
    return candidate;
  }
}
