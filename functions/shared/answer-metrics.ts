// What the predicting function counts of its answers: how far they are to be trusted, and what memory had.
import type { PredictReply } from '#core/serve/predict-latencies.ts';
import { putMetrics } from './metrics.ts';

export interface AnswerMetrics {
  /** For the cache: a look for the champion or an adaptation. */
  readonly onLook: (isHit: boolean) => void;
  /** Writes the metrics of one answer; looks that ended in a refusal are counted with the next one. */
  readonly put: (reply: PredictReply) => void;
}

/** The counts of one process. */
export function answerMetrics(): AnswerMetrics {
  let looks = { CacheHits: 0, CacheMisses: 0 };
  return {
    onLook(isHit) {
      looks[isHit ? 'CacheHits' : 'CacheMisses']++;
    },
    put({ results }) {
      putMetrics('memory', looks);
      looks = { CacheHits: 0, CacheMisses: 0 };
      for (const [trust, same] of Map.groupBy(results, (result) => result.trust)) {
        putMetrics('answers', { AnsweredTargets: same.length }, trust);
      }
    },
  };
}
