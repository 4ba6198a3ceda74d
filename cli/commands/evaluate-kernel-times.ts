// `sugarbush evaluate-kernel-times`: what kernel times are worth on profiles that have them, and how predicted shares
// agree with a profiler's.
import { defineCommand, flag, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf, text } from '#command-line/values.ts';
import { evaluationOptions } from './evaluation-options.ts';

const options = {
  folder: {
    value: 'FOLDER',
    help: 'profiles that were measured with --kernel-times; others in it are passed over',
    schema: text,
    default: 'data/fleet',
  },
  measurements: {
    value: 'COUNTS',
    help: 'how many networks of a target are measured, one evaluation for each',
    schema: listOf(integerBetween(1, 200)),
    default: '1,3,10',
  },
  ...evaluationOptions,
  simulated: {
    value: 'DEVICES',
    help: 'instead of profiles, so many simulated devices for each of three ways to launch FBNet and NAS-Bench-201',
    schema: integerBetween(1, 1000).optional(),
  },
  shipped: flag('ask the shipped predictor, which may have learned from the profiles, instead of training one'),
  json: jsonFlag,
};

export const evaluateKernelTimesCommand = defineCommand({
  options,
  notes:
    'The predictor learns from all that is shipped but the fleet; how far shares are believed from targets of other ' +
    'runtimes.',
  async run({ folder, measurements, repeats, seed, steps, simulated, shipped, json }, { out, say }) {
    const note = (line: string): void => say(`${line}\n`);
    const { predictorWithoutFleet } = await import('../evaluate/evaluate-descriptor.ts');
    const kernelTimes = await import('../evaluate/evaluate-kernel-times.ts');
    const { kernelTimesToTables } = await import('../evaluate/print-kernel-times.ts');
    // A folder that is not there is told before anything slow.
    if (simulated === undefined) kernelTimes.profileFiles(folder);
    const predictor = shipped ? await kernelTimes.shippedPredictor() : await predictorWithoutFleet(seed, steps, note);
    try {
      const plan = { measurements, repeats, seed };
      const evaluation =
        simulated === undefined
          ? await kernelTimes.evaluateKernelTimes(
              predictor,
              await kernelTimes.readProfiled(predictor, folder),
              plan,
              note,
            )
          : await kernelTimes.evaluateSimulated(predictor, simulated, plan, note);
      out(json ? `${JSON.stringify(evaluation)}\n` : `${kernelTimesToTables(evaluation)}\n`);
    } finally {
      await predictor.close();
    }
    return exitCodes.done;
  },
});
