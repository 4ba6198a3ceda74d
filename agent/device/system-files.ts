// Reads the kernel's small text files (/proc, /sys). Every read may fail on some device; a failure is "not known",
// never a crash. The root is an argument, so that a tree of files stands for a device in a test.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SystemFiles {
  /** Trimmed text without NULs, or undefined where the file is missing, unreadable or empty. */
  text(path: string): string | undefined;
  /** The text as a finite number. */
  number(path: string): number | undefined;
  /** Entry names in natural order; empty where there is no such folder. */
  list(path: string): string[];
}

/** Reads files below `root`, by paths without a leading slash. */
export function systemFiles(root = '/'): SystemFiles {
  const files: SystemFiles = {
    text(path) {
      try {
        const text = readFileSync(join(root, path), 'utf8').replaceAll('\0', ' ').trim();
        return text === '' ? undefined : text;
      } catch {
        return undefined;
      }
    },
    number(path) {
      const text = files.text(path);
      const value = text === undefined ? Number.NaN : Number(text);
      return Number.isFinite(value) ? value : undefined;
    },
    list(path) {
      try {
        return readdirSync(join(root, path)).sort(new Intl.Collator('en', { numeric: true }).compare);
      } catch {
        return [];
      }
    },
  };
  return files;
}
