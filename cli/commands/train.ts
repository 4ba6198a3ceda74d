// `sugarbush train`: trains the predictor that comes with the project from the measurements that come with it.
import { defineCommand, flag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, text } from '#command-line/values.ts';

const options = {
  out: {
    value: 'FOLDER',
    help: 'where predictor.onnx, predictor.json, card.json and with --report report.html go',
    schema: text,
    default: 'data/predictor',
  },
  seed: { value: 'SEED', help: 'of the training', schema: integerBetween(0, 2 ** 31 - 1), default: '0' },
  steps: {
    value: 'STEPS',
    help: 'gradient steps; fewer are quicker and worse; default: what a predictor wants',
    schema: integerBetween(1, 100_000).optional(),
  },
  report: flag('also hold out hardware in turn, score what is learned without it, and draw the report of that'),
};

export const trainCommand = defineCommand({
  options,
  notes: 'The same seed gives the same predictor on the same kind of processor.',
  async run({ out: folder, seed, steps, report }, { out, say, signal }) {
    const { trainShipped } = await import('../train/train-shipped.ts');
    const request = { folder, seed, steps, report, createdAt: new Date(), signal };
    const { version, training } = await trainShipped({ ...request, say: (line) => say(`${line}\n`) });
    const { networks, targets, trainS } = training;
    out(`${folder}: predictor ${version}, ${networks} networks on ${targets.length} targets, ${trainS} s\n`);
    return exitCodes.done;
  },
});
