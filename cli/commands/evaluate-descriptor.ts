// `sugarbush evaluate-descriptor`: what the operators of a descriptor are worth for the measured fleet's targets, and
// what is learned of how an operator alone differs from the same in a network.
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf } from '#command-line/values.ts';
import { evaluationOptions } from './evaluation-options.ts';

const options = {
  measurements: {
    value: 'COUNTS',
    help: 'how many networks of a target are measured beside its descriptor, one evaluation for each; 0: none',
    schema: listOf(integerBetween(0, 200)),
    default: '0,1,3,10',
  },
  ...evaluationOptions,
  json: jsonFlag,
};

export const evaluateDescriptorCommand = defineCommand({
  options,
  notes: 'The predictor learns from all that is shipped but the fleet; the rest from its targets of other runtimes.',
  async run({ measurements, repeats, seed, steps, json }, { out, say }) {
    const note = (line: string): void => say(`${line}\n`);
    const { evaluateDescriptor, predictorWithoutFleet, readFleet } = await import('../evaluate/evaluate-descriptor.ts');
    const { describedToTables } = await import('../evaluate/print-described.ts');
    const predictor = await predictorWithoutFleet(seed, steps, note);
    const fleet = await readFleet(predictor);
    const evaluation = evaluateDescriptor(predictor, fleet, { measurements, repeats, seed }, note);
    out(json ? `${JSON.stringify(evaluation)}\n` : `${describedToTables(evaluation)}\n`);
    await predictor.close();
    return exitCodes.done;
  },
});
