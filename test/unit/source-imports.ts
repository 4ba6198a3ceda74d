// Reads what a source file imports: static, re-exported, type-only, dynamic, required, and worker files by URL.

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Biome formats every file: a statement starts its line, and strings are in single quotes. */
const patterns = [
  /^(?:import|export)\s[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^import\s*['"]([^'"]+)['"]/gm,
  /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
  /\brequire(?:\.resolve)?\s*\(\s*['"]([^'"]+)['"]/g,
  /\bcreateRequire\s*\([^)]*\)\s*(?:\.resolve)?\s*\(\s*['"]([^'"]+)['"]/g,
  /\bimport\.meta\.resolve\s*\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\s*\(\s*['"](\.[^'"]+\.[cm]?[jt]s)['"]\s*,\s*import\.meta\.url/g,
];

export function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  return patterns
    .flatMap((pattern) =>
      Array.from(code.matchAll(pattern), (match) => ({
        specifier: match[1]!,
        line: code.slice(0, match.index).split('\n').length,
      })),
    )
    .toSorted((a, b) => a.line - b.line);
}

/** Blanks comments that stand on lines of their own; lines keep their numbers. */
export const withoutComments = (source: string): string =>
  source
    .replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/^[ \t]*\/\/.*$/gm, '');

/** The comment that opens a file. */
export const headerOf = (source: string): string =>
  /^(?:#!.*\n)?((?:\s*(?:\/\/.*\n|\/\*[\s\S]*?\*\/\s*))*)/.exec(source)?.[1] ?? '';
