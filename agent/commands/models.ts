// sugarbush-agent models
import { z } from 'zod';
import { type CommandSpec, parseOptions } from '../command-line.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { exportModels } from '../profile/models.ts';
import { chooseArchitectures } from './architectures.ts';
import { inputSizeOf, workloadOptions, workloadShape } from './measuring-options.ts';
import type { Terminal } from './terminal.ts';

export const modelsSpec: CommandSpec = {
  summary: 'writes the networks as ONNX files with an index, to be converted for another runtime',
  options: { ...workloadOptions, out: { value: 'FOLDER', help: 'where to (required)' } },
};

export async function models(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const options = parseOptions(args, modelsSpec, z.strictObject({ ...workloadShape, out: z.string().min(1) }));
  const { searchSpace, supportSet, seed } = options;
  const architectures = await chooseArchitectures(supportSet, searchSpace, seed, undefined);
  const network = { inputSize: inputSizeOf(options), batchSize: options.batch, seed };
  const count = exportModels(options.out, searchSpace, architectures, network);
  terminal.out(`${count} files in ${options.out}\n`);
  return exitCodes.ok;
}
