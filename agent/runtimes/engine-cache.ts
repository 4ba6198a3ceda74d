// Engines that a runtime built from model files, kept by what they were built from: building takes minutes, and an
// engine that is built anew may choose other kernels. A cache only: whatever goes wrong with it, an engine is built
// again.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

export interface EngineCache {
  /** Path of the engine for a key; undefined where there is none. */
  find(key: string): string | undefined;
  /** Takes a copy of a file that was just built. */
  keep(key: string, file: string): void;
  /** An engine that does not load. */
  drop(key: string): void;
}

/** What the engines of a device may take together; the oldest go first. */
export const mostEngineBytes = 2 ** 30;

/** Key of the engine of a model file: a digest of the file's content and of everything else that it depends on. */
export function engineKey(modelPath: string, ...rest: readonly string[]): string {
  const model = createHash('sha256').update(readFileSync(modelPath)).digest('hex');
  return createHash('sha256')
    .update(JSON.stringify([model, ...rest]))
    .digest('hex');
}

/** @param folder undefined: nothing is kept
 * @param mostBytes what they may take together */
export function engineCache(folder: string | undefined, mostBytes: number = mostEngineBytes): EngineCache {
  if (folder === undefined) return { find: () => undefined, keep() {}, drop() {} };
  const pathOf = (key: string): string => join(folder, `${key}.engine`);
  return {
    find(key) {
      try {
        if (statSync(pathOf(key)).size === 0) return undefined;
        utimesSync(pathOf(key), new Date(), new Date());
        return pathOf(key);
      } catch {
        return undefined;
      }
    },
    keep(key, file) {
      try {
        mkdirSync(folder, { recursive: true });
        makeRoom(folder, mostBytes - statSync(file).size);
        const part = `${pathOf(key)}.${process.pid}`;
        copyFileSync(file, part);
        renameSync(part, pathOf(key));
      } catch {
        // No file was built, or the disk is full: the next measurement builds it again.
      }
    },
    drop: (key) => rmSync(pathOf(key), { force: true }),
  };
}

/** Removes files, the ones used longest ago first, until the others take no more than this. */
function makeRoom(folder: string, mostBytes: number): void {
  const files = readdirSync(folder).map((name) => ({ path: join(folder, name), ...brief(join(folder, name)) }));
  let total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { path, sizeBytes } of files.sort((a, b) => a.usedMs - b.usedMs)) {
    if (total <= mostBytes) return;
    rmSync(path, { force: true });
    total -= sizeBytes;
  }
}

function brief(path: string): { sizeBytes: number; usedMs: number } {
  const { size, mtimeMs } = statSync(path);
  return { sizeBytes: size, usedMs: mtimeMs };
}
