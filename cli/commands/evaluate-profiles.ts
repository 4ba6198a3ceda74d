// `sugarbush evaluate-profiles`: how well targets with whole profiles are predicted, by kind of network.
import { defineCommand, flag, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, listOf, text } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import type { ProfileScore } from '../evaluate/evaluate-profiles.ts';
import { evaluationOptions } from './evaluation-options.ts';

const options = {
  folder: { value: 'FOLDER', help: 'profiles (*.json.gz)', schema: text },
  measurements: {
    value: 'COUNTS',
    help: 'how many networks of a target are measured, one evaluation for each',
    schema: listOf(integerBetween(0, 200)),
    default: '0,10,20',
  },
  ...evaluationOptions,
  shipped: flag('ask the shipped predictor instead of training one without the measured fleet'),
  others: flag("learn from the folder's targets of other programs, too: one training a program"),
  json: jsonFlag,
};

export const evaluateProfilesCommand = defineCommand({
  options,
  notes: 'Measured networks are drawn from all kinds, and then from all but the kind that is scored.',
  async run({ folder, measurements, repeats, seed, steps, shipped, others, json }, { out, say }) {
    if (shipped && others) throw new DomainError('invalid-usage', '--shipped trains nothing: leave out --others');
    const note = (line: string): void => say(`${line}\n`);
    const { predictorWithoutFleet } = await import('../evaluate/evaluate-descriptor.ts');
    const { shippedPredictor } = await import('../evaluate/evaluate-kernel-times.ts');
    const { profilesOf } = await import('../read-profiles.ts');
    const { evaluateProfiles, programsOf, readProfiles } = await import('../evaluate/evaluate-profiles.ts');
    const { profileScoresToTable } = await import('../evaluate/print-profiles.ts');
    const { countedSessions } = await import('../train/fleet-sessions.ts');
    // What is missing is said before anything slow.
    profilesOf(folder);
    const scores: ProfileScore[] = [];
    for (const program of others ? programsOf(folder) : [undefined]) {
      const more = program === undefined ? [] : [countedSessions(program, folder)];
      const predictor = shipped ? await shippedPredictor() : await predictorWithoutFleet(seed, steps, note, more);
      try {
        const targets = await readProfiles(predictor, folder);
        const tested = targets.filter(
          ({ runtimeName }) => program === undefined || (runtimeName ?? 'unknown') === program,
        );
        scores.push(...evaluateProfiles(predictor, tested, { measurements, repeats, seed }, note));
      } finally {
        await predictor.close();
      }
    }
    out(json ? `${JSON.stringify(scores)}\n` : `${profileScoresToTable(scores)}\n`);
    return exitCodes.done;
  },
});
