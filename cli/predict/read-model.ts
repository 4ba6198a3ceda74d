// A model from a file of this machine: ONNX, whose weights are skipped, or an operator graph as JSON.
import { readFile } from 'node:fs/promises';
import type { NamedDimensions } from '#command-line/dimensions.ts';
import { DomainError } from '#core/errors.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { fileSource } from '#scripts/file-source.ts';
import { whyUnreadable } from '../why-unreadable.ts';

export interface Dimensions extends NamedDimensions {
  /** Images at once; undefined: 1, or what the model fixes. */
  readonly batch: number | undefined;
}

export interface Model {
  readonly file: string;
  readonly graph: OperatorGraph;
  /** How often the graph's own batch is asked for: above 1 where the model fixes a smaller one. */
  readonly batch: number;
}

/** @throws DomainError `not-found`; `invalid-model` for what is neither ONNX nor an operator graph;
 * `unsupported-model`; `unbound-dimension` naming the options that bind; `invalid-request` for dimensions that do not
 * fit. All name the file. */
export async function readModel(file: string, dimensions: Dimensions): Promise<Model> {
  try {
    return file.endsWith('.json') ? await readJson(file, dimensions) : await readFileOfOnnx(file, dimensions);
  } catch (cause) {
    throw told(file, cause);
  }
}

async function readJson(file: string, { batch }: Dimensions): Promise<Model> {
  const text = await readFile(file, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DomainError('invalid-model', `this is not JSON: ${(cause as Error).message}`, { cause });
  }
  const graph = parseOperatorGraph(value);
  return { file, graph, batch: timesOwnBatch(graph, batch) };
}

async function readFileOfOnnx(file: string, { batch, ...dimensions }: Dimensions): Promise<Model> {
  await using source = await fileSource(file);
  try {
    return { file, graph: await readOnnx(source, { ...dimensions, batch: batch ?? 1 }), batch: 1 };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid-request') throw error;
    // The model fixes its first axis; an option that does not fit is refused again.
    const graph = await readOnnx(source, dimensions);
    return { file, graph, batch: timesOwnBatch(graph, batch) };
  }
}

function timesOwnBatch({ inputs }: OperatorGraph, batch: number | undefined): number {
  if (batch === undefined) return 1;
  const own = inputs[0]?.shape[0] ?? 1;
  if (own > 0 && batch % own === 0) return batch / own;
  throw new DomainError('invalid-request', `the model fixes a batch of ${own}; --batch ${batch} is no multiple of it`);
}

function told(file: string, cause: unknown): unknown {
  if (!(cause instanceof DomainError)) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) return cause;
    return new DomainError(code === 'ENOENT' ? 'not-found' : 'invalid-model', `${file}: ${whyUnreadable(cause)}`, {
      cause,
    });
  }
  if (cause.code !== 'unbound-dimension') {
    return new DomainError(cause.code, `${file}: ${cause.message}`, { cause, issues: cause.issues });
  }
  const ways = 'give each as --dim NAME=LENGTH, or an input as a whole, --dim INPUT=1x3x224x224';
  return new DomainError(cause.code, `${file}: ${cause.message}; ${ways}`, { cause, issues: cause.issues });
}
