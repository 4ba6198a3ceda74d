// Files of listed graphs, and the latencies that come with them.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { DomainError } from '#core/errors.ts';
import { type ListGraph, listGraphSchema } from './list-graph.ts';

/** ms by column and name of the network; what was not measured is left out. */
export type ListedLatencies = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The text of a file, .gz or not. */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** One graph a line. @throws DomainError `invalid-request` naming the line that is none */
export function readLists(file: string): ListGraph[] {
  return readText(file)
    .trimEnd()
    .split('\n')
    .map((line, i) => {
      try {
        return listGraphSchema.parse(JSON.parse(line));
      } catch (cause) {
        throw new DomainError('invalid-request', `${file}, line ${i + 1}: ${(cause as Error).message}`, { cause });
      }
    });
}

/** What nn-Meter's lists carry themselves. */
export function listedLatencies(lists: readonly ListGraph[]): ListedLatencies {
  const columns = new Map<string, Map<string, number>>();
  for (const { name, ms = {} } of lists) {
    for (const [target, value] of Object.entries(ms ?? {})) {
      const own = columns.get(target) ?? new Map<string, number>();
      columns.set(target, own);
      if (value !== null) own.set(name, value);
    }
  }
  return columns;
}

/** Contributed results of ncnn's benchmark, rows of device, run, threads, powersave, gpu_device, model, …, avg_ms: one
 * column a run, device and setting. */
export function ncnnResults(file: string): ListedLatencies {
  const rows = parse(readText(file), { columns: true, skip_empty_lines: true }) as Record<string, string>[];
  const columns = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const device = row['device']!.toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40);
    const target = `${device}-r${row['run']}-t${row['threads']}-p${row['powersave']}-g${row['gpu_device']}`;
    const own = columns.get(target) ?? new Map<string, number>();
    columns.set(target, own.set(row['model']!, Number(row['avg_ms'])));
  }
  return columns;
}
