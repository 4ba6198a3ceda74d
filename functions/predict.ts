// Lambda: POST /v1/predictions. Champions and adaptations stay in memory between requests and are compared with the
// bucket in the background.
import './shared/interpreted-schemas.ts';
import { setImmediate } from 'node:timers/promises';
import { asksForModels, predictOperations } from '#contract/predictions.ts';
import { onnxRuntime } from '#core/onnx/session.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { modelShelf } from '#core/serve/graph-shelf.ts';
import { type PredictRequest, predict } from '#core/serve/predict-latencies.ts';
import { predictModels } from '#core/serve/predict-models.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import { targetNames } from '#core/targets/target-names.ts';
import { answerMetrics } from './shared/answer-metrics.ts';
import { elapsedMs } from './shared/elapsed.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { meteredWork } from './shared/metered.ts';
import { s3Store } from './shared/s3-store.ts';
import { logger } from './shared/telemetry.ts';

const { DATA_BUCKET, REVALIDATE_S: revalidateS, TOKEN_WORK_S_PER_DAY } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });
const onError = (error: unknown): void => logger.warn('revalidation failed', { error });
const metered = meteredWork(store, TOKEN_WORK_S_PER_DAY);
const metrics = answerMetrics();
const { onLook } = metrics;
const predictors = predictorCache({ store, now: elapsedMs, loadPredictor, revalidateS, onError, onLook });
const names = targetNames({ store, now: elapsedMs });
const models = modelShelf(store);
// Where the process is not frozen between requests, what is in use stays fresh without waiting for the next one.
setInterval(() => void predictors.revalidate(), revalidateS * 1000).unref();

// The library is loaded while the store answers. What fails here fails again, and is told, where it is asked for.
predictors.open();
setImmediate()
  .then(onnxRuntime)
  .catch(() => {});

export const handler = httpHandler(predictOperations, {
  predict: async ({ body, caller }) => {
    const reply = await metered(caller.tokenId, async () =>
      asksForModels(body)
        ? await predictModels({ predictors, targetNames: names, models }, body)
        : // The form has seen that a search space and architectures are there.
          await predict({ predictors, targetNames: names }, body as PredictRequest),
    );
    metrics.put(reply);
    return reply;
  },
});
