// Options of the evaluations that train a predictor without the measured fleet.
import { integerBetween } from '#command-line/values.ts';

export const evaluationOptions = {
  repeats: { value: 'DRAWS', help: 'random draws a target', schema: integerBetween(1, 1000), default: '5' },
  seed: { value: 'SEED', help: 'of training and draws', schema: integerBetween(0, 2 ** 31 - 1), default: '0' },
  steps: {
    value: 'STEPS',
    help: 'gradient steps of the training; default: what a predictor wants',
    schema: integerBetween(1, 100_000).optional(),
  },
};
