// The model files that are measured: written by the agent as ONNX with random weights, or brought along by the device
// owner where the runtime wants another format.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { describeListed, type SizedOperators, sizedOperatorsKey } from '#core/descriptor/operator-graphs.ts';
import { DomainError } from '#core/errors.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { type DescribedNetwork, modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { type Workload, workloadKey, workloadSchema } from '#core/search-space/workload.ts';
import { makeFolder } from '../upload/atomic-file.ts';

export interface Models {
  /** Path of a file that can be measured now; valid until the next call. */
  operator(of: SizedOperators, key: string): string;
  architecture(workload: Workload, text: string): string;
  described(network: DescribedNetwork): string;
  remove(): void;
}

/** Files are made when they are wanted and overwritten by the next one: a support set never fills a small device.
 * @param seed of the random weights */
export function builtModels(seed: number): Models {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-models-'));
  const path = join(folder, 'network.onnx');
  const write = (bytes: Uint8Array): string => {
    writeFileSync(path, bytes);
    return path;
  };
  return {
    operator: (of, key) => write(modelBytes(describeListed(of, key), seed)),
    architecture: (workload, text) => write(architectureBytes(workload, text, seed)),
    described: (network) => write(modelBytes(network, seed)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @throws DomainError `invalid-architecture`, `invalid-request` (an input size that the space cannot have) */
function architectureBytes(workload: Workload, text: string, seed: number): Uint8Array {
  const space = searchSpace(workload.searchSpace);
  return modelBytes(describeNetwork(space, space.parse(text), workload), seed);
}

/** An export is of one workload. */
const indexSchema = z.strictObject({
  ...workloadSchema.shape,
  /** File name without its ending → what it is. */
  operators: z.record(z.string(), z.string()),
  architectures: z.record(z.string(), z.string()),
});
export type ModelIndex = z.infer<typeof indexSchema>;

const indexName = 'index.json';

/** Writes every network as ONNX with an index, for conversion on another machine.
 * @param seed of the random weights
 * @returns number of files
 * @throws DomainError `storage-failed` where there can be no such folder */
export function exportModels(
  folder: string,
  workload: Workload,
  architectures: readonly string[],
  seed: number,
): number {
  makeFolder(folder);
  const index: ModelIndex = { ...workload, operators: {}, architectures: {} };
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder, `${name}.onnx`), bytes);
  const { searchSpace: list, ...sizes } = workload;
  for (const key of descriptorOperators[list]) {
    const name = `operator-${key.replace('/', '-')}`;
    write(name, modelBytes(describeListed({ list, ...sizes }, key), seed));
    index.operators[name] = key;
  }
  for (const [i, text] of architectures.entries()) {
    const name = `network-${String(i).padStart(5, '0')}`;
    write(name, architectureBytes(workload, text, seed));
    index.architectures[name] = text;
  }
  writeFileSync(join(folder, indexName), `${JSON.stringify(index, null, 2)}\n`);
  return Object.keys(index.operators).length + Object.keys(index.architectures).length;
}

/** Files that were made from an export, by their names in its index.
 * @throws DomainError `invalid-usage` when the folder has no such index or a file is missing */
export function givenModels(folder: string, suffix: string): { readonly models: Models; readonly index: ModelIndex } {
  const index = readIndex(folder);
  const find = (names: Readonly<Record<string, string>>): ((madeFor: string, wanted: string) => string) => {
    const nameOf = new Map(Object.entries(names).map(([name, what]) => [what, name]));
    return (madeFor, wanted) => {
      if (madeFor !== workloadKey(index)) {
        throw new DomainError('invalid-usage', `${folder} was made for ${workloadKey(index)}, not for ${madeFor}`);
      }
      const path = join(folder, `${nameOf.get(wanted) ?? '?'}${suffix}`);
      if (existsSync(path)) return path;
      throw new DomainError('invalid-usage', `no file for '${wanted}' in ${folder}: ${path} is missing`);
    };
  };
  const [operator, architecture] = [find(index.operators), find(index.architectures)];
  return {
    index,
    models: {
      operator: (of, key) => operator(sizedOperatorsKey(of), key),
      architecture: (workload, text) => architecture(workloadKey(workload), text),
      described() {
        throw new DomainError('invalid-usage', `the standard networks are ONNX files, and none of ${folder}`);
      },
      remove: () => {},
    },
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
