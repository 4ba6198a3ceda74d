// `sugarbush report`: draws the report of a predictor trained and evaluated on a shipped table, or of an evaluation
// saved before.
import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { defineCommand, type Values } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { integerBetween, list, text } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import type { Score } from '#core/predictors/card.ts';
import { type ReportInput, reportInputSchema } from '#core/predictors/report-input.ts';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import { workloadKey } from '#core/search-space/workload.ts';

const options = {
  searchSpace: {
    value: 'ID',
    help: `${searchSpaceIds.join(', ')}: trains on the training targets of its shipped table, evaluates on the others`,
    schema: z.enum(searchSpaceIds).optional(),
  },
  from: { value: 'FILE', help: 'draw an evaluation written by --save; nothing is trained', schema: text.optional() },
  out: { value: 'FILE', help: 'the report, HTML', schema: text },
  test: {
    value: 'TARGETS',
    help: 'targets to evaluate on, as a,b, none of them a training target; default: the published split',
    schema: list.optional(),
  },
  seed: { value: 'SEED', help: 'of training and draws', schema: integerBetween(0, 2 ** 32 - 1), default: '0' },
  steps: { value: 'STEPS', help: 'gradient steps of the training', schema: integerBetween(1, 1e6), default: '800' },
  repeats: { value: 'DRAWS', help: 'random draws a target', schema: integerBetween(1, 1e6), default: '10' },
  save: {
    value: 'FILE',
    help: 'also write what was evaluated, JSON, for --from and --champion',
    schema: text.optional(),
  },
  champion: {
    value: 'FILE',
    help: 'compare with an earlier evaluation written by --save, on the targets that both have',
    schema: text.optional(),
  },
};

export const reportCommand = defineCommand({
  options,
  async run(given, { say }) {
    const note = (line: string): void => say(`${line}\n`);
    for (const file of [given.out, given.save]) if (file !== undefined) mustBeWritable(file);
    const evaluated = await evaluationOf(given, note);
    if (given.save) writeFileSync(given.save, `${JSON.stringify(evaluated)}\n`);
    const input = given.champion ? withChampion(evaluated, readEvaluation(given.champion)) : evaluated;
    const { renderReport } = await import('#report/render-report.ts');
    const html = await renderReport(input);
    writeFileSync(given.out, html);
    note(`${given.out}: ${(Buffer.byteLength(html) / 1000).toFixed(0)} kB`);
    return exitCodes.done;
  },
});

/** Before minutes of training, and without making or changing the file. */
function mustBeWritable(file: string): void {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory()) throw new Error('there is a folder in its place');
    accessSync(stat ? file : dirname(file), constants.W_OK);
  } catch (cause) {
    throw new DomainError('invalid-usage', `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

async function evaluationOf(given: Values<typeof options>, note: (line: string) => void): Promise<ReportInput> {
  const { searchSpace, from, test, seed, steps, repeats } = given;
  if ((searchSpace === undefined) === (from === undefined)) {
    throw new DomainError('invalid-usage', 'give either --search-space or --from');
  }
  if (searchSpace === undefined) return readEvaluation(from!);
  const { evaluateShipped } = await import('#cli/report/evaluate-shipped.ts');
  return evaluateShipped({ searchSpace, test, seed, steps, repeats, createdAt: new Date(), note });
}

function readEvaluation(file: string): ReportInput {
  try {
    return reportInputSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new DomainError('invalid-usage', `no file ${file}`);
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const reason = issue === undefined ? (cause as Error).message : `${issue.path.join('/')}: ${issue.message}`;
    throw new DomainError('invalid-usage', `cannot read the evaluation ${file}: ${reason}`, { cause });
  }
}

/** Puts the candidate's scores of an earlier evaluation beside this one's as the champion's. */
function withChampion({ card, predictions }: ReportInput, earlier: ReportInput): ReportInput {
  const [own, other] = [card.evaluation, earlier.card.evaluation];
  const keyOf = (s: Score): string => `${s.target} ${workloadKey(s)}`;
  const keys = new Set(own?.scores.map(keyOf));
  if (!own || !other?.scores.some((s) => keys.has(keyOf(s)))) {
    throw new DomainError(
      'invalid-usage',
      '--champion must be an evaluation of the same targets in the same search space',
    );
  }
  const scores = other.scores
    .filter((s) => s.model === 'candidate' && keys.has(keyOf(s)))
    .map((s) => ({ ...s, model: 'champion' as const }));
  const champion = { version: earlier.card.version };
  return { card: { ...card, champion, evaluation: { ...own, scores: [...own.scores, ...scores] } }, predictions };
}
