// `models`: the networks as ONNX files with an index, to be converted for another runtime.
import { defineCommand } from '#command-line/command.ts';
import { text } from '#command-line/values.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { exportModels } from '../profile/models.ts';
import { cannotWrite } from '../upload/atomic-file.ts';
import { chooseArchitectures } from './architectures.ts';
import { onlyWorkload, workloadOptions } from './measuring-options.ts';

export const models = defineCommand({
  options: { ...workloadOptions, out: { value: 'FOLDER', help: 'where to', schema: text } },
  async run(options, terminal): Promise<ExitCode> {
    const { supportSet, seed } = options;
    const workload = onlyWorkload(options, 'models');
    const architectures = chooseArchitectures(supportSet, workload, seed);
    let count: number;
    try {
      count = exportModels(options.out, workload, architectures, seed);
    } catch (cause) {
      throw cannotWrite(options.out, cause);
    }
    terminal.out(`${count} files in ${options.out}\n`);
    return exitCodes.ok;
  },
});
