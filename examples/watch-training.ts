// Starts a training run, or joins the one under way, shows how far it is, and says what it decided.
//
//   export SUGARBUSH_API=http://127.0.0.1:8787 SUGARBUSH_TOKEN=sb_…     (an operator's)
//   npx node examples/watch-training.ts ['{"steps":800,"folds":12}']
import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient } from '#client/client.ts';
import { ApiError } from '#client/errors.ts';
import { retryText } from '#client/retry.ts';
import { trainingRunOperations } from '#contract/training-runs.ts';

process.on('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});

const [settings = '{}'] = process.argv.slice(2);
const client = apiClient({
  api: process.env['SUGARBUSH_API'] ?? 'http://127.0.0.1:8787',
  token: process.env['SUGARBUSH_TOKEN'],
  onRetry: (retry) => process.stderr.write(retryText(retry)),
  operations: trainingRunOperations,
});

async function startOrJoin(): Promise<string> {
  try {
    const started = await client.call('startTrainingRun', { body: JSON.parse(settings) });
    return started.run.runId;
  } catch (error) {
    // One run at a time: the refusal names it.
    const under = error instanceof ApiError && error.issues.find(({ path }) => path.startsWith('runs/'));
    if (!under) throw error;
    return under.path.slice('runs/'.length);
  }
}

const id = await startOrJoin();
let view = await client.call('showTrainingRun', { path: { id } });
let shown = '';
while (view.run.status === 'running') {
  const step = view.steps.find(({ status }) => status === 'running');
  const share = step?.share === undefined ? '' : ` ${Math.round(100 * step.share)} %`;
  const left = view.timeLeftS === null ? '' : `, ${view.timeLeftS} s left`;
  const line = `${id}: ${step?.step ?? 'waiting'}${share}${left}`;
  if (line !== shown) console.error(line);
  shown = line;
  await sleep(1000);
  view = await client.call('showTrainingRun', { path: { id } });
}

const { status, version, decision, failureReason } = view.run;
console.log(`${status}${version === undefined ? '' : ` ${version}`}`);
for (const reason of decision?.reasons ?? [failureReason ?? '']) console.log(reason);
if (status === 'failed' || status === 'stopped') process.exitCode = 1;
