// `sugarbush predict`: latencies of ONNX files on the targets that come with the project, without a service; with --api
// on those of a service, which is sent the operator graph.
import * as z from 'zod';
import type { Retry } from '#client/retry.ts';
import { defineCommand, flag, jsonFlag } from '#command-line/command.ts';
import { dimensionsOption } from '#command-line/dimensions.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { positiveInteger, positiveNumber, text } from '#command-line/values.ts';
import { DomainError } from '#core/errors.ts';
import { apiOptions } from '../api-options.ts';

const options = {
  target: {
    value: 'TARGET',
    help: 'an id, or a part of one: all that contain it; all; default: twenty usual ones, all of a service',
    schema: z.array(text).default([]),
    repeatable: true,
  },
  batch: {
    value: 'IMAGES',
    help: 'length of the first axis of every input; default 1, or what the model fixes',
    schema: positiveInteger.optional(),
  },
  dim: dimensionsOption,
  budget: { value: 'MS', help: 'marks what fits', schema: positiveNumber.optional() },
  explain: flag('where the time goes: by kind of kernel, and by place in the network'),
  compare: flag('two models, target by target'),
  api: {
    value: 'URL',
    help: 'ask the service at this address for its targets; it is sent operators and shapes, no names and no weights',
    schema: apiOptions.api.schema.optional(),
  },
  token: {
    ...apiOptions.token,
    help: "a reader's token; with --api",
    schema: apiOptions.token.schema.optional(),
  },
  json: jsonFlag,
};

export const predictCommand = defineCommand({
  options,
  operands: {
    value: 'MODEL',
    help: 'files: ONNX, whose weights are not read, or operator graphs as .json',
    repeatable: true,
  },
  notes: 'Without --api nothing leaves this machine. `sugarbush targets` says where the numbers of a target come from.',
  async run({ target, batch, dim, budget, explain, compare, api, token, json }, { out, say, signal }, given) {
    if (given.length === 0) throw new DomainError('invalid-usage', 'give a model: sugarbush predict model.onnx');
    const files = [...new Set(given)];
    if (compare) requireTwo(given, files);
    const request = { files, targets: target, batch, ...dim, budgetMs: budget, explain, compare };
    const report =
      api === undefined
        ? await (await import('../predict/predict-models.ts')).predictModels(request)
        : await (await import('../predict/ask-service.ts')).askService(
            { api, token: needed(token), signal, onRetry: await sayRetries(say) },
            request,
          );
    if (json) out(`${JSON.stringify(report)}\n`);
    else out((await import('../predict/print-report.ts')).printReport(report, explain));
    return exitCodes.done;
  },
});

async function sayRetries(say: (text: string) => void): Promise<(retry: Retry) => void> {
  const { retryText } = await import('#client/retry.ts');
  return (retry) => say(retryText(retry));
}

function needed(token: string | undefined): string {
  if (token !== undefined) return token;
  throw new DomainError('invalid-usage', '--api needs --token, or $SUGARBUSH_TOKEN');
}

function requireTwo(given: readonly string[], different: readonly string[]): void {
  if (different.length === 2) return;
  const what = given.length === 2 ? `both are ${given[0]}` : `${given.length} given`;
  throw new DomainError('invalid-usage', `--compare takes two different files; ${what}`);
}
