// Lambda: POST and GET of /v1/training-runs, GET /v1/training-runs/{id}, POST /v1/training-runs/{id}/stop.
import { randomUUID } from 'node:crypto';
import { trainingRunOperations } from '#contract/training-runs.ts';
import { stopRun } from '#core/training/runs/end-run.ts';
import { listRuns, showRun } from '#core/training/runs/show-run.ts';
import { startRun } from '#core/training/runs/start-run.ts';
import { readTrainingEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';
import { stepFunctionsExecutor } from './shared/step-functions.ts';

const { DATA_BUCKET, STATE_MACHINE_ARN } = readTrainingEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });
const executor = stepFunctionsExecutor(STATE_MACHINE_ARN);
const view = (runId: string) => showRun(store, runId, Date.now());

export const handler = httpHandler(trainingRunOperations, {
  startTrainingRun: async ({ body: settings, caller, idempotencyKey = randomUUID() }) => {
    const key = `${caller.tokenId}\n${idempotencyKey}`;
    const request = { settings, requestedBy: 'operator', idempotencyKey: key, now: Date.now() } as const;
    const { runId } = await startRun(store, executor, request);
    return view(runId);
  },
  listTrainingRuns: ({ query }) => listRuns(store, query),
  showTrainingRun: ({ path }) => view(path.id),
  stopTrainingRun: async ({ path }) => {
    const { runId } = await stopRun(store, executor, path.id, Date.now());
    return view(runId);
  },
});
