// Networks of no search space that a profile measures: the standard ones, and the device owner's files as they are. Of
// a file only the operator graph is kept; its weights are passed over by the reader and seen by the runtime alone.
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { NamedDimensions } from '#command-line/dimensions.ts';
import { DomainError } from '#core/errors.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { standardGraphs, standardNetworks } from '#core/standard-networks/standard-networks.ts';
import type { PlannedGraph } from '../profile/measure-profile.ts';
import type { Models } from '../profile/models.ts';

/** What is given as a model is measured as it is; what else, is a folder of files made from an export. */
export const isOnnx = (path: string): boolean => path.endsWith('.onnx');

/** The standard networks, each written with random weights when it is measured. */
export function standardPlan(models: Models): PlannedGraph[] {
  return standardGraphs().map(({ name, id, graph }, at) => ({
    name: `standard ${name}`,
    id,
    graph,
    file: () => models.described(standardNetworks[at]!.describe()),
  }));
}

export interface FileDimensions extends NamedDimensions {
  /** Images at once, where the model leaves it open. */
  readonly batch: number;
}

/** One ONNX file, measured as it is.
 * @throws DomainError `invalid-usage` for a file that cannot be read, that is no ONNX model or one without its weights,
 * whose operators are not known, or whose open dimensions are not those given; all name the file */
export async function plannedFile(file: string, dimensions: FileDimensions): Promise<PlannedGraph> {
  try {
    const graph = await readGraph(file, dimensions);
    return { name: basename(file), id: graphHash(graph), graph, file: () => file };
  } catch (cause) {
    if (!(cause instanceof DomainError) && (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    const isOpen = cause instanceof DomainError && cause.code === 'unbound-dimension';
    const ways = isOpen ? '; give each as --dim NAME=LENGTH, or an input as a whole, --dim INPUT=1x3x224x224' : '';
    throw new DomainError('invalid-usage', `--models ${file}: ${(cause as Error).message}${ways}`, { cause });
  }
}

async function readGraph(file: string, { batch, ...named }: FileDimensions): Promise<OperatorGraph> {
  const handle = await open(file);
  try {
    const { size: byteLength } = await handle.stat();
    const slice = async (start: number, end: number): Promise<ArrayBuffer> => {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(end - start), 0, end - start, start);
      return buffer.buffer.slice(0, bytesRead);
    };
    const source = { byteLength, slice };
    try {
      return await readOnnx(source, { ...named, batch, toRun: true });
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'invalid-request' || batch !== 1) throw error;
      // The model fixes its first axis: it is measured at that.
      return await readOnnx(source, { ...named, toRun: true });
    }
  } finally {
    await handle.close();
  }
}
