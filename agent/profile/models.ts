// The model files that are measured: written by the agent as ONNX with random weights, or brought along by the device
// owner where the runtime wants another format.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { DomainError } from '#core/errors.ts';
import { describeNetwork, describeOperator, type NetworkOptions } from '#core/search-space/network/describe.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpace, searchSpaceIds } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { makeFolder } from '../upload/atomic-file.ts';

export interface ModelOptions extends NetworkOptions {
  /** Seed of the random weights. */
  readonly seed: number;
}

export interface Models {
  /** Path of a file that can be measured now; valid until the next call. */
  operator(key: string): string;
  architecture(text: string): string;
  remove(): void;
}

/** Files are made when they are wanted and overwritten by the next one: a support set never fills a small device. */
export function builtModels(space: SearchSpaceId, options: ModelOptions): Models {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-models-'));
  const path = join(folder, 'network.onnx');
  const write = (bytes: Uint8Array): string => {
    writeFileSync(path, bytes);
    return path;
  };
  return {
    operator: (key) => write(operatorBytes(space, key, options)),
    architecture: (text) => write(architectureBytes(space, text, options)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @throws DomainError `invalid-request` (an operator or input size that the space does not have) */
function operatorBytes(space: SearchSpaceId, key: string, options: ModelOptions): Uint8Array {
  return modelBytes(describeOperator(searchSpace(space), key, options), options.seed);
}

/** @throws DomainError `invalid-architecture`, `invalid-request` (an input size that the space cannot have) */
function architectureBytes(id: SearchSpaceId, text: string, options: ModelOptions): Uint8Array {
  const space = searchSpace(id);
  return modelBytes(describeNetwork(space, space.parse(text), options), options.seed);
}

const indexSchema = z.strictObject({
  searchSpace: z.enum(searchSpaceIds),
  inputSize: z.int().positive().nullable(),
  batchSize: z.int().positive(),
  /** File name without its ending → what it is. */
  operators: z.record(z.string(), z.string()),
  architectures: z.record(z.string(), z.string()),
});
export type ModelIndex = z.infer<typeof indexSchema>;

const indexName = 'index.json';

/** Writes every network as ONNX with an index, for conversion on another machine. @returns number of files
 * @throws DomainError `storage-failed` where there can be no such folder */
export function exportModels(
  folder: string,
  space: SearchSpaceId,
  architectures: readonly string[],
  options: ModelOptions,
): number {
  makeFolder(folder);
  const index: ModelIndex = {
    searchSpace: space,
    inputSize: options.inputSize,
    batchSize: options.batchSize,
    operators: {},
    architectures: {},
  };
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder, `${name}.onnx`), bytes);
  for (const key of descriptorOperators[space]) {
    const name = `operator-${key.replace('/', '-')}`;
    write(name, operatorBytes(space, key, options));
    index.operators[name] = key;
  }
  for (const [i, text] of architectures.entries()) {
    const name = `network-${String(i).padStart(5, '0')}`;
    write(name, architectureBytes(space, text, options));
    index.architectures[name] = text;
  }
  writeFileSync(join(folder, indexName), `${JSON.stringify(index, null, 2)}\n`);
  return Object.keys(index.operators).length + Object.keys(index.architectures).length;
}

/** Files that were made from an export, by their names in its index.
 * @throws DomainError `invalid-usage` when the folder has no such index or a file is missing */
export function givenModels(folder: string, suffix: string): { readonly models: Models; readonly index: ModelIndex } {
  const index = readIndex(folder);
  const find = (names: Readonly<Record<string, string>>): ((wanted: string) => string) => {
    const nameOf = new Map(Object.entries(names).map(([name, what]) => [what, name]));
    return (wanted) => {
      const path = join(folder, `${nameOf.get(wanted) ?? '?'}${suffix}`);
      if (existsSync(path)) return path;
      throw new DomainError('invalid-usage', `no file for '${wanted}' in ${folder}: ${path} is missing`);
    };
  };
  return {
    index,
    models: { operator: find(index.operators), architecture: find(index.architectures), remove: () => {} },
  };
}

function readIndex(folder: string): ModelIndex {
  const file = join(folder, indexName);
  try {
    return indexSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new DomainError('invalid-usage', `${file} is no index of models (made by the command 'models'): ${reason}`, {
      cause,
    });
  }
}
