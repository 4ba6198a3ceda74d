// The report that lies beside the shipped predictor is of it, and its card has the scores that are drawn there.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { shippedPool } from '#cli/train/shipped-pool.ts';
import { cardSchema } from '#core/predictors/card.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../../../data/predictor/${file}`, import.meta.url), 'utf8');

test('card and report are of one predictor, scored on hardware that was held out', () => {
  const { version, evaluation } = cardSchema.parse(JSON.parse(read('card.json')));
  expect(read('report.html')).toContain(version);
  const scored = new Set(
    evaluation!.scores.map(({ target, batchSize, searchSpace }) => `${target} ${batchSize} ${searchSpace}`),
  );
  const columns = shippedPool().sets.flatMap(({ space, columns: own }) =>
    own.flatMap(({ target, batchSize }) =>
      target.includes('onnxruntime') ? [] : [`${target} ${batchSize} ${space.id}`],
    ),
  );
  expect([...scored].sort()).toEqual([...new Set(columns)].sort());
});
