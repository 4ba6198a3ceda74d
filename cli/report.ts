// Draws the report of a predictor trained and evaluated on a shipped table, or of an evaluation saved before.
// Progress goes to standard error.
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { evaluateTable } from '#cli/report/evaluate-table.ts';
import { parseReportOptions } from '#cli/report/options.ts';
import { DomainError } from '#core/errors.ts';
import { type ReportInput, reportInputSchema } from '#core/training/report-input.ts';
import { renderReport } from '#report/render-report.ts';

const note = (text: string): void => void process.stderr.write(`${text}\n`);

function readEvaluation(file: string): ReportInput {
  try {
    return reportInputSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new DomainError('invalid-usage', `cannot read the evaluation ${file}: ${reason}`, { cause });
  }
}

/** Puts the candidate's scores of an earlier evaluation beside this one's as the champion's. */
function withChampion({ card, predictions }: ReportInput, earlier: ReportInput): ReportInput {
  const [own, other] = [card.evaluation, earlier.card.evaluation];
  if (!own || !other || earlier.card.searchSpace !== card.searchSpace) {
    throw new DomainError('invalid-usage', `--champion must be an evaluation on '${card.searchSpace}'`);
  }
  const ids = new Set(own.scores.map((s) => s.target));
  const scores = other.scores
    .filter((s) => s.model === 'candidate' && ids.has(s.target))
    .map((s) => ({ ...s, model: 'champion' as const }));
  const champion = { version: earlier.card.version };
  return { card: { ...card, champion, evaluation: { ...own, scores: [...own.scores, ...scores] } }, predictions };
}

async function main(): Promise<void> {
  const options = parseReportOptions(process.argv.slice(2));
  const evaluated = options.from
    ? readEvaluation(options.from)
    : await evaluateTable({ ...options, searchSpace: options['search-space']!, createdAt: new Date(), note });
  if (options.save) writeFileSync(options.save, `${JSON.stringify(evaluated)}\n`);
  const input = options.champion ? withChampion(evaluated, readEvaluation(options.champion)) : evaluated;
  const html = await renderReport(input);
  writeFileSync(options.out, html);
  note(`${options.out}: ${(Buffer.byteLength(html) / 1000).toFixed(0)} kB`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  note(`${error.code}: ${error.message}`);
  process.exitCode = 2;
}
