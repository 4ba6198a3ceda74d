// Which folders of core import which: the graph between them, a circle in it, and what goes against a stated order.
import { posix } from 'node:path';
import { importsOf } from './source-imports.ts';

/** Folder → folders that it imports; a file of core itself is a folder of its own. */
export type FolderGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** @param files of core, with paths from the project's root */
export function folderGraph(files: readonly { readonly file: string; readonly source: string }[]): FolderGraph {
  const graph = new Map<string, Set<string>>();
  for (const { file, source } of files) {
    const from = folderOf(file);
    const uses = graph.get(from) ?? new Set<string>();
    graph.set(from, uses);
    for (const { specifier } of importsOf(source)) {
      const target = specifier.startsWith('#') ? specifier.slice(1) : posix.join(posix.dirname(file), specifier);
      const to = folderOf(target);
      if (target.startsWith('core/') && to !== from) uses.add(to);
    }
  }
  return graph;
}

/** Of `core/store/keys.ts`: `store`; of `core/errors.ts`: `errors.ts`. */
const folderOf = (file: string): string => file.split('/')[1] ?? '';

/** @returns folders each of which imports the next, the first again at the end; undefined: there is no circle */
export function circleIn(graph: FolderGraph): string[] | undefined {
  const done = new Set<string>();
  const visit = (folder: string, path: readonly string[]): string[] | undefined => {
    const at = path.indexOf(folder);
    if (at >= 0) return [...path.slice(at), folder];
    if (done.has(folder)) return undefined;
    for (const next of graph.get(folder) ?? []) {
      const circle = visit(next, [...path, folder]);
      if (circle) return circle;
    }
    done.add(folder);
    return undefined;
  };
  for (const folder of graph.keys()) {
    const circle = visit(folder, []);
    if (circle) return circle;
  }
  return undefined;
}

/** @param order from the ground up: a folder may use those before it */
export function against(graph: FolderGraph, order: readonly string[]): string[] {
  return [...graph].flatMap(([folder, uses]) =>
    [...uses]
      .filter((used) => order.indexOf(used) > order.indexOf(folder))
      .map((used) => `${folder} uses ${used}, which stands after it`),
  );
}
